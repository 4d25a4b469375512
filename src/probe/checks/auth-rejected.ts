/** `auth_rejected`: a key that never was must get 401; an endpoint that lets it in is open to everybody. */
import { testKey } from '../../core/wire/auth.ts';
import { type Call, type Check, type Conclusion, chatRequest, createAsker, oneCall, questionOf } from './check.ts';

export const authRejected: Check = {
  look: async (check, door) => {
    const asker = createAsker(check, door, { key: testKey(door.random) });
    try {
      return [await asker.ask(chatRequest(check, questionOf(check, door), false), { wanted: 'any' })];
    } finally {
      asker.close();
    }
  },
  conclude: ([call]) => (call === undefined ? {} : conclude(call)),
  cost: { ...oneCall, answers: () => 0 },
};

function conclude({ record: { outcome, status } }: Call): Conclusion {
  const { kind, detail = 'no detail' } = outcome;
  if (kind === 'auth' && status === 401) return {};
  if (kind === 'auth') return { finding: { kind: 'contract', detail: `a wrong key got HTTP ${status} and not 401` } };
  const answered = kind === 'ok' || status === 200;
  if (answered) return { finding: { kind: 'wrong_answer', detail: 'a wrong key was let in' } };
  return { finding: { kind, detail } };
}
