/** Writes runs into a history as fast as it can, and prints each one's name after it is stored; somebody kills it. */
import { openHistory } from '../../src/probe/history.ts';
import { entryOf, runAt } from './probe-runs.ts';

const history = await openHistory(process.argv[2] ?? '');
for (let i = 0; ; i++) {
  const charge = history.charge({ credential: 'main', day: '2026-11-28' }, 'a', { tokens: 10, cost: 0.5 });
  const run = runAt(i * 1000, { run_id: `killed-${i}` });
  if (charge === 'charged' && history.record(entryOf(run))) process.stdout.write(`${run.run_id}\n`);
}
