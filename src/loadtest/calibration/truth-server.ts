/**
 * The truth teller as a process of its own, so that it does not share the event loop it is to judge. Prints its base URL, and
 * ends when its standard input does: with whoever started it.
 *
 *   node truth-server.ts --ttft=50 --gap=20 --events=40     milliseconds, and events in each stream
 */
import { parseArgs } from 'node:util';
import { createTruthTeller } from './truth-teller.ts';

const { values } = parseArgs({
  options: {
    ttft: { type: 'string', default: '50' },
    gap: { type: 'string', default: '20' },
    events: { type: 'string', default: '40' },
  },
});
const [ttftMs, gapMs, events] = [values.ttft, values.gap, values.events].map(Number) as [number, number, number];
const teller = await createTruthTeller({ ttftMs, gapMs, events });
process.stdout.write(`${teller.baseUrl}\n`);
process.stdin.resume().once('end', () => process.exit());
