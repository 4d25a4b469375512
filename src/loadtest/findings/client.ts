import { share, time } from '../numbers.ts';
import type { JudgedRun, Limit, Sighting } from './sighting.ts';

/** This machine, or its host, was too slow to measure more. */
export function limitedByClient({ health, config }: JudgedRun): Sighting<Limit> | undefined {
  const { elu, lagMs, steal = 0 } = health;
  if (elu > busyLoop)
    return {
      kind: 'limited_by_client',
      text: ownLimit(`its event loop was busy ${share(elu)} of the time and up to ${time(lagMs)} late`),
      next: `${config.driver === 'autocannon' ? 'Take --driver socket, which works less for a request, or spread' : 'Spread'} the load over more cores (--workers) or machines, and run again.`,
    };
  if (!(steal > stolenTime)) return undefined;
  return {
    kind: 'limited_by_client',
    text: ownLimit(`its host gave ${share(steal)} of the machine’s time to others`),
    next: 'Run again on a machine of your own.',
  };
}

const ownLimit = (why: string) => `This machine was the limit: ${why}. Part of every latency here is its own.`;

/** From half of its time on, an event loop stamps late (anchors §6: p99 of the error grows from 2 to 17 ms). */
const busyLoop = 0.5;
const stolenTime = 0.05;
