/**
 * `concurrency`: opens one stream after the other and leaves them open until one is refused with 1302, then hangs up on
 * all. Opt-in: it takes the whole quota of the key for a moment, and every stream it opens costs tokens.
 */
import type { Reason } from '../../core/outcome.ts';
import type { ProbeCheck } from '../plan.ts';
import { behindNonce } from '../tasks.ts';
import {
  type Asker,
  type Call,
  type Check,
  type CheckDoor,
  type Conclusion,
  chatRequest,
  createAsker,
} from './check.ts';

export const concurrency: Check = {
  look: async (check, door) => {
    const asker = createAsker(check, door);
    const over = new AbortController();
    const open: Promise<Call>[] = [];
    try {
      for (let n = 1; n <= check.mostCalls && !door.stop.aborted; n++) {
        const { call, admitted } = begin(check, door, asker, { n, stop: over.signal });
        open.push(call);
        if (await admitted) continue;
        await call; // what was refused is read to its end before the others are let go
        break;
      }
      over.abort();
      return await Promise.all(open);
    } finally {
      over.abort();
      asker.close();
    }
  },
  conclude: (calls, { mostCalls }) => conclude(calls, mostCalls),
  cost: {
    calls: ({ mostCalls }) => mostCalls,
    answers: ({ mostCalls }) => mostCalls,
    promptTokens: 30,
    answerTokens: undefined,
  },
};

/** Opens a stream; `admitted` says whether it was let in, as soon as that is known. */
function begin(check: ProbeCheck, door: CheckDoor, asker: Asker, { n, stop }: { n: number; stop: AbortSignal }) {
  const text = behindNonce('Count from 1 to 300, in words.', door.random);
  const head = Promise.withResolvers<boolean>();
  const onHead = (status: number) => head.resolve(status === 200);
  const request = chatRequest(check, { text, fields: {} }, true);
  const call = asker.ask(request, { label: `call ${n}`, wanted: 'any', stop, onHead });
  // A call that ends without a head was not let in either.
  call.then(() => head.resolve(false));
  return { call, admitted: head.promise };
}

function conclude(calls: readonly Call[], mostCalls: number): Conclusion {
  const admitted = calls.filter(({ record }) => record.status === 200);
  const broken = calls.find(({ record: { outcome } }) => !expected.has(outcome.kind));
  if (broken !== undefined) return findingOf(broken);
  const refused = calls.find(({ record: { outcome } }) => outcome.kind === 'rate_limited');
  if (refused === undefined)
    return calls.length < mostCalls ? {} : { readings: { concurrency_at_least: calls.length } };
  if (admitted.length === 0) return findingOf(refused);
  const ended = admitted.filter(
    ({ record: { endMs, outcome } }) => outcome.kind === 'ok' && endMs < refused.record.startMs,
  );
  const readings = { concurrency_limit: admitted.length - ended.length };
  if (ended.length === 0) return { readings };
  return { readings, warnings: [{ kind: 'measurement', detail: `${ended.length} calls ended before the refusal` }] };
}

/** We hang up ourselves, answers may be complete before that, and a refusal is what is looked for. */
const expected: ReadonlySet<Reason> = new Set(['cancelled', 'ok', 'rate_limited']);

function findingOf({ record: { outcome } }: Call): Conclusion {
  const { kind, detail = 'no detail', cause } = outcome;
  return kind === 'ok' ? {} : { finding: { kind, detail, ...(cause && { cause }) } };
}
