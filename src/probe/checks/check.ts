/** What a check is, and what all checks share: asking, with a witness beside. */
import type { CallRecord } from '../../core/call/record.ts';
import { type CallRequest, chatCall, createCaller } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import { UsageError } from '../../core/errors.ts';
import type { Reason } from '../../core/outcome.ts';
import type { Random } from '../../core/random.ts';
import { mintToken, parseKey } from '../../core/wire/auth.ts';
import type { ThinkingRule } from '../../core/wire/models.ts';
import type { ProbeCheck } from '../plan.ts';
import { mostGaps, type Warning } from '../run.ts';
import type { Secret } from '../secret.ts';
import { thinkingOf } from '../settings.ts';
import { createTape, type Tape } from '../tape.ts';
import { behindNonce, newTask, type Right, type Task, type TaskName } from '../tasks.ts';

/** One call of a run. */
export interface Call {
  /** What it was for, such as `warm`. */
  readonly label: string;
  /** `well`: anything else is what is wrong with the run; `any`: the check itself says what it means. */
  readonly wanted: 'well' | 'any';
  readonly request: CallRequest;
  readonly record: CallRecord;
  readonly tape: Tape;
  /** When it began, ms since 1970. */
  readonly wallMs: number;
  readonly right: Right | undefined;
  /** Between reads that brought tokens, the first `mostGaps`. */
  readonly gapsMs: readonly number[];
}

/** What the calls of a run say together. */
export interface Conclusion {
  /** What is wrong although every call ended as it should. */
  readonly finding?: { readonly kind: Exclude<Reason, 'ok'>; readonly detail: string; readonly cause?: Reason };
  readonly warnings?: readonly Warning[];
  readonly readings?: Readonly<Record<string, number>>;
}

/** A kind of check: what it asks, what its answers say together, and what that costs. */
export interface Check {
  /** Makes the calls; never rejects, whatever happens is in the records. The last one is the one that is timed. */
  readonly look: (check: ProbeCheck, door: CheckDoor) => Promise<readonly Call[]>;
  /** Pure, so that a cassette can be judged again. */
  readonly conclude?: (calls: readonly Call[], check: Pick<ProbeCheck, 'model' | 'mostCalls'>) => Conclusion;
  readonly cost: Cost;
}

/** What a run spends at most, before anything is known of its answers. */
export interface Cost {
  readonly calls: (check: Pick<ProbeCheck, 'mostCalls'>) => number;
  /** Calls that generate tokens. */
  readonly answers: (check: Pick<ProbeCheck, 'mostCalls'>) => number;
  /** Prompt tokens of one of them, roughly. */
  readonly promptTokens: number;
  /** Completion tokens of one of them when all is well; undefined: all that `max_tokens` allows. */
  readonly answerTokens: number | undefined;
}

/** One short question and its answer. */
export const oneCall: Cost = { calls: () => 1, answers: () => 1, promptTokens: 40, answerTokens: 12 };

/** What a check needs from the outside. */
export interface CheckDoor {
  readonly clock: Clock;
  /** Aborting it ends the calls under way as `cancelled`. */
  readonly stop: AbortSignal;
  /** Makes tasks and nonces; one of the run's own. */
  readonly random: Random;
  /** Bytes of an answer that the witness keeps. */
  readonly mostBytes: number;
}

export interface Asker {
  ask(request: CallRequest, how?: AskOptions): Promise<Call>;
  close(): void;
}

export interface AskOptions {
  readonly label?: string;
  readonly wanted?: Call['wanted'];
  readonly right?: Right | undefined;
  readonly stop?: AbortSignal;
  /** Told when the head of the answer is there. */
  readonly onHead?: (status: number) => void;
}

export interface AskerOptions {
  /** A new connection for every call by default, so that name, network and certificate are looked at every time. */
  readonly connection?: 'fresh' | 'pooled';
  /** In place of the credential, or of what it makes of itself. */
  readonly key?: string | (() => string | Promise<string>);
}

/** Asks the target of a check. */
export function createAsker(check: ProbeCheck, door: CheckDoor, options: AskerOptions = {}): Asker {
  const { endpoint, deadlines } = check;
  const { clock, stop, mostBytes } = door;
  const caller = createCaller({
    baseUrl: endpoint.url,
    key: options.key ?? keyOf(check, clock),
    connection: options.connection ?? 'fresh',
    deadlines,
    ca: endpoint.ca,
    proxy: endpoint.proxy?.reveal(),
    clock,
  });
  const ask: Asker['ask'] = async (request, how = {}) => {
    const { label = check.kind, wanted = 'well', right, onHead } = how;
    const tape = createTape(clock, mostBytes);
    const wallMs = clock.wall();
    const trace = onHead === undefined ? tape.trace : heard(tape, onHead);
    const signal = how.stop === undefined ? stop : AbortSignal.any([stop, how.stop]);
    const gapsMs: number[] = [];
    const onGap = (ms: number) => {
      if (gapsMs.length < mostGaps) gapsMs.push(ms);
    };
    const record = await caller.call(request, { signal, keepText: true, trace, onGap });
    return { label, wanted, request, record, tape, wallMs, right, gapsMs };
  };
  return { ask, close: caller.close };
}

function heard({ trace }: Tape, onHead: (status: number) => void): Tape['trace'] {
  const head: Tape['trace']['head'] = (status, ...rest) => {
    trace.head(status, ...rest);
    onHead(status);
  };
  return { ...trace, head };
}

/** The vendor's Python SDK signs for 210 s; glm-api.md §6. */
export const tokenLifeMs = 210_000;

function keyOf({ endpoint: { key, mode } }: ProbeCheck, clock: Clock): string | (() => string | Promise<string>) {
  if (mode === 'key') return key.reveal();
  return () => signed(key, clock, tokenLifeMs);
}

/** @throws {UsageError} `bad_key`, without the key: the caller makes `internal` of it */
export function signed(key: Secret, clock: Clock, ttlMs: number): Promise<string> {
  const parts = parseKey(key.reveal());
  if (parts === undefined)
    throw new UsageError('bad_key', 'the key is not of the form id.secret, so no token can be signed with it');
  return mintToken(parts, { nowMs: clock.wall(), ttlMs });
}

/** One call on a connection of its own. */
export async function askOnce(
  check: ProbeCheck,
  door: CheckDoor,
  request: CallRequest,
  how?: AskOptions,
): Promise<Call> {
  const asker = createAsker(check, door);
  try {
    return await asker.ask(request, how);
  } finally {
    asker.close();
  }
}

/** A question with its right answer, or the config's own prompt, of which nothing is known. */
export interface Question {
  readonly text: string;
  readonly right: Right | undefined;
  readonly fields: Task['fields'];
}

export function questionOf({ prompt, task }: ProbeCheck, { random }: CheckDoor, name: TaskName = task): Question {
  if (prompt !== undefined) return { text: behindNonce(prompt, random), right: undefined, fields: {} };
  const { question, right, fields } = newTask(name, random);
  return { text: question, right, fields };
}

/** One question, one answer, one connection. */
export async function askQuestion(
  check: ProbeCheck,
  door: CheckDoor,
  { stream, task }: { stream: boolean; task?: TaskName },
): Promise<readonly Call[]> {
  const question = questionOf(check, door, task);
  return [await askOnce(check, door, chatRequest(check, question, stream), { right: question.right })];
}

/** What goes into a request besides what the check says. */
export interface Words extends Pick<Question, 'text' | 'fields'> {
  readonly system?: string;
}

export const chatRequest = (check: ProbeCheck, { text, fields, system }: Words, stream: boolean): CallRequest => {
  const { messages, ...rest } = chatBody(check, text);
  const first = system === undefined ? [] : [{ role: 'system', content: system }];
  return chatCall({ ...rest, messages: [...first, ...messages], ...fields, stream });
};

/** The body without `stream`. Thinking is off where the model allows it: a canary should cost little. */
export const chatBody = (
  { model, maxTokens, thinking }: Pick<ProbeCheck, 'model' | 'maxTokens' | 'thinking'>,
  text: string,
) => ({
  model,
  messages: [{ role: 'user', content: text }],
  max_tokens: maxTokens,
  ...(thinking === 'on' ? {} : unthinking[thinkingOf(model)]),
});

const off = { thinking: { type: 'disabled' } };
const unthinking = {
  always: { reasoning_effort: 'low' },
  inline: {},
  none: {},
  effort: off,
  optional: off,
} as const satisfies Record<ThinkingRule, object>;
