/** `jwt`: the same question with a fresh token, with one about to expire, and with the key as it is; glm-api.md §6. */
import type { ProbeCheck } from '../plan.ts';
import {
  type Call,
  type Check,
  type CheckDoor,
  chatRequest,
  createAsker,
  oneCall,
  questionOf,
  signed,
  tokenLifeMs,
} from './check.ts';

export const jwt: Check = {
  look: async (check, door) => {
    const calls: Call[] = [];
    for (const [label, key] of Object.entries(credentialsOf(check, door))) {
      const call = await askAs(check, door, label, key);
      calls.push(call);
      if (call.record.outcome.kind !== 'ok') break;
    }
    return calls;
  },
  cost: { ...oneCall, calls: () => 3, answers: () => 3 },
};

/** What is left of a token whose holder caches it to its end: less than the skew of a badly kept clock. */
const nearlyOverMs = 15_000;

function credentialsOf({ endpoint }: ProbeCheck, { clock }: CheckDoor) {
  const token = (ttlMs: number) => () => signed(endpoint.key, clock, ttlMs);
  return { fresh: token(tokenLifeMs), near_expiry: token(nearlyOverMs), raw_key: () => endpoint.key.reveal() };
}

async function askAs(check: ProbeCheck, door: CheckDoor, label: string, key: () => string | Promise<string>) {
  const asker = createAsker(check, door, { key });
  try {
    const question = questionOf(check, door);
    return await asker.ask(chatRequest(check, question, false), { label, right: question.right });
  } finally {
    asker.close();
  }
}
