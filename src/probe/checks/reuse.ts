/** `reuse`: the same kind of question on a fresh connection and on the one it left open; the difference is the handshake. */
import { ttft } from '../../core/call/record.ts';
import { type Call, type Check, type Conclusion, chatRequest, createAsker, oneCall, questionOf } from './check.ts';

export const reuse: Check = {
  look: async (check, door) => {
    const asker = createAsker(check, door, { connection: 'pooled' });
    try {
      const calls: Call[] = [];
      for (const label of ['fresh', 'reused']) {
        const question = questionOf(check, door);
        calls.push(await asker.ask(chatRequest(check, question, true), { label, right: question.right }));
        if (calls.at(-1)?.record.outcome.kind !== 'ok') break;
      }
      return calls;
    } finally {
      asker.close();
    }
  },
  conclude: ([fresh, reused]) => (fresh === undefined || reused === undefined ? {} : conclude(fresh, reused)),
  cost: { ...oneCall, calls: () => 2, answers: () => 2 },
};

function conclude(fresh: Call, reused: Call): Conclusion {
  if (!reused.record.reusedConnection)
    return { warnings: [{ kind: 'measurement', detail: 'the server did not keep the connection open' }] };
  const [first, second] = [ttft(fresh.record), ttft(reused.record)];
  if (first === undefined || second === undefined) return {};
  return { readings: { reuse_saved_ms: Math.round((first - second) * 1000) / 1000 } };
}
