/** Journals for tests, written briefly. */
import type { Seen } from '../../../src/mock-server/verdict/seen.ts';

const plain: Seen = {
  n: 1,
  at: 1_800_000_000_000,
  method: 'POST',
  path: '/api/paas/v4/chat/completions',
  credential: 1,
  token: 1,
  keyId: 'key',
  model: 'glm-4.6',
  stream: true,
  streamed: true,
  status: 200,
  code: 'none',
  ending: 'complete',
  promptTokens: 10,
  completionTokens: 20,
  beats: 8,
  bytes: 900,
  durationMs: 100,
  worstLatenessMs: 0,
  strict: [],
  connection: 1,
  reused: false,
  connectionMs: 0,
  spare: false,
  fingerprint: 1,
  question: 1,
  turn: 1,
  attempt: undefined,
  carries: [],
  params: ['model', 'messages', 'stream'],
  finish: 'stop',
  kinds: ['content'],
  asked: [],
  faults: [],
  told: false,
  tokensAfterHangUp: 0,
  fixture: undefined,
  keyInUrl: false,
  toolCalls: [],
  answeredTools: [],
  answerDigests: [],
};

/** A good streamed answer, except for what is said. */
export const entry = (differs: Partial<Seen> = {}): Seen => ({ ...plain, ...differs });

/** What differs, and `wait`: ms since the entry before ended; 1 s by default. */
export type Step = Partial<Seen> & { readonly wait?: number };

/** Numbers from 1, one after the other. */
export function journal(...steps: readonly Step[]): Seen[] {
  let clock = plain.at;
  return steps.map(({ wait = 1000, ...differs }, i) => {
    const made = entry({ n: i + 1, at: clock + wait, ...differs });
    clock = made.at + made.durationMs;
    return made;
  });
}

/** An error before the answer. */
export const refused = (code: string, status: number): Step => ({
  code,
  status,
  streamed: false,
  finish: undefined,
  kinds: [],
  beats: 1,
  durationMs: 10,
});

export const cut: Step = { ending: 'cut', faults: ['truncated'], beats: 3, bytes: 300 };
