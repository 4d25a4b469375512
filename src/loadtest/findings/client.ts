import { failuresOf } from '../ledger.ts';
import { count, share, time } from '../numbers.ts';
import { isNoticeable, type JudgedRun, type Limit, ofAll, type Sighting } from './sighting.ts';

/** This machine, or its host, was too slow to measure more. */
export function limitedByClient(result: JudgedRun): Sighting<Limit> | undefined {
  const { health, config } = result;
  const { elu, lagMs, steal = 0 } = health;
  if (failedAtOnce(result)) return undefined;
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

/** Whoever gets nothing but failures asks again at once: that keeps a loop busy, and is no reason for them unless they were late. */
function failedAtOnce({ ledger }: JudgedRun): boolean {
  const worst = failuresOf(ledger)[0];
  return ledger.ok === 0 && worst !== undefined && worst.domain !== 'prober' && !worst.name.startsWith('timeout_');
}

/** No more requests were allowed under way, so some were not sent. What made them stay that long is told before. */
export function limitedByPlaces(result: JudgedRun): Sighting<Limit> | undefined {
  const { shed = 0 } = result.ledger;
  if (!isNoticeable(shed, result)) return undefined;
  const places = Number(result.config.concurrency);
  const most = Number.isFinite(places) ? `${count(places)} under way at once` : 'so many under way at once';
  return {
    kind: 'limited_by_client',
    text: `This program’s own limit was reached: ${ofAll(shed, result)} were not sent, for --max-in-flight allows ${most}.`,
    next: 'Raise --max-in-flight, or offer less: a rate needs as many places as it has answers under way, the rate times how long one takes.',
  };
}

const ownLimit = (why: string) => `This machine was the limit: ${why}. Part of every latency here is its own.`;

/** From half of its time on, an event loop stamps late (anchors §6: p99 of the error grows from 2 to 17 ms). */
const busyLoop = 0.5;
const stolenTime = 0.05;
