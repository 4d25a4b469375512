/** `POST /chat/completions`, unary and streamed. */
import type { Answer } from '../answer.ts';
import { type Said, withinBudget } from '../budget.ts';
import { type Dialect, dialectOf } from '../dialect.ts';
import { hit, insteadOf } from '../faults/strike.ts';
import { finish } from '../finish.ts';
import { overridden } from '../fixtures/reply.ts';
import type { Beat } from '../plan.ts';
import { noteConversation, questionOf } from '../question.ts';
import { type Chunk, chunks } from '../render/chunks.ts';
import { completionBody } from '../render/completion.ts';
import { businessError, type Refusal } from '../render/error.ts';
import { compose } from '../replies/compose.ts';
import { late } from '../scenarios/beats.ts';
import { strictFindings } from '../strict.ts';
import { createPace, paceTotal } from '../timing.ts';
import { askedIn, isRefusal, parseObject, type ValidChat, validateChat } from '../validate.ts';
import { bases } from './bases.ts';
import { bodyReply, type Call, type Reply, type Silence, type Understood } from './endpoint.ts';
import { type Script, scriptFor } from './script.ts';
import { turnedAway } from './turned-away.ts';

export function chat(call: Call): Given {
  const told = tell(call);
  if (!('answer' in told)) return told;
  const { answer, dialect, valid, delayMs } = told;
  const reply = inOnePiece(valid, call) ? unary(answer, dialect, call) : streamed(answer, dialect, valid, call);
  return delayMs === 0 ? reply : late(reply, delayMs);
}

function inOnePiece({ request }: ValidChat, call: Call): boolean {
  if (request.stream !== true) return true;
  const unstreaming = call.shots.filter(({ scenario }) => scenario.unstream);
  for (const shot of unstreaming) hit(call, shot);
  return unstreaming.length > 0;
}

type Given = Reply | Refusal | Silence;

interface Told {
  readonly valid: ValidChat;
  readonly answer: Answer;
  readonly dialect: Dialect;
  /** How long a fixture holds it back. */
  readonly delayMs: number;
}

/** What is to be said to a request, or how it is refused. Shared with the asynchronous endpoint. */
export function tell(call: Call): Told | Given {
  const valid = readChat(call);
  if (isRefusal(valid)) return valid;
  const refused = turnedAway(valid.request.model, call);
  if (refused !== undefined) return refused;
  const struckBefore = call.shots.length;
  const script = scriptFor(valid, call);
  const instead = insteadOf(call, struckBefore);
  if (instead !== undefined) return instead;
  if (script !== undefined && 'status' in script) return script;
  return { valid, ...answerChat(valid, call, script), delayMs: script?.reply.delayMs ?? 0 };
}

/** The validated request, noted in the journal; or the refusal. Shared with the asynchronous endpoint. */
export function readChat(call: Call): ValidChat | Refusal {
  const { config, request, entry, state } = call;
  const read = understood(call);
  if (isRefusal(read)) {
    Object.assign(entry, askedIn(request.body));
    return read;
  }
  const { valid, question } = read;
  entry.model = valid.request.model;
  entry.stream = valid.request.stream === true;
  entry.promptTokens = valid.prompt.tokens;
  entry.params = valid.params;
  noteConversation(call, valid.request.messages, question);
  if (!config.strict) return valid;
  entry.strict = strictFindings(valid.request, parseObject(request.body) ?? {}, state.usedIds);
  if (valid.request.request_id) state.usedIds.set(String(valid.request.request_id), true);
  return entry.strict.length === 0 ? valid : strictRefusal(entry.strict, call);
}

/** A short body that came before means the same again: load tests send one request a million times. */
function understood({ request: { body, path }, language, config, state }: Call): Understood | Refusal {
  const keepThinking = path.startsWith(bases[1]);
  const known = state.read.get(body);
  if (known?.language === language && known.keepThinking === keepThinking) return known;
  const { models: extraModels, wire } = config;
  const valid = validateChat(body, { language, extraModels, rangeCode: wire.rangeCode, keepThinking });
  if (isRefusal(valid)) return valid;
  const read = { language, keepThinking, valid, question: questionOf(valid.request.messages) };
  if (body.length <= rememberedChars) state.read.set(body, read);
  return read;
}

const rememberedChars = 4096;

/** The mock's own refusal: the vendor's code, and the findings in the message, where every client shows them. */
function strictRefusal(findings: readonly string[], { language }: Call): Refusal {
  const duplicate = findings.some(text => text.includes('was used before'));
  const message = `glm-testkit --strict: ${findings.join('; ')}`;
  return businessError(duplicate ? '1231' : '1214', language, { message });
}

function answerChat(valid: ValidChat, call: Call, script: Script | undefined): { answer: Answer; dialect: Dialect } {
  const { config, keyId, random, state, wallMs } = call;
  const { request, model, prompt } = valid;
  const era = dialectOf(model, config.era);
  const own = config.wire.object === 'era' ? era : { ...era, object: config.wire.object === 'always' };
  const dialect = call.shots.reduce((given, shot) => shot.scenario.dialect?.(given, shot) ?? given, own);
  const cachedTokens = state.prefixes.lookup(keyId, model, prompt.prefixes, wallMs);
  const said = script?.draft
    ? withinBudget(script.draft, { request, model, prompt, dialect })
    : saidBy(valid, dialect, call);
  const finished = finish(said, { request, prompt, dialect, cachedTokens, wallMs, random });
  const sound = script === undefined ? finished : overridden(finished, script.reply);
  const answer = call.shots.length === 0 ? sound : reworded(sound, { own, dialect }, valid, call);
  noteAnswer(call.entry, answer);
  noteEnd(answer, call);
  if (state.limiter.on) state.limiter.spend({ keyId, wallMs, random, model: request.model }, answer.usage.total_tokens);
  return { answer, dialect };
}

/** What the faults make of the words; one that changes nothing on the wire did not strike. */
function reworded(sound: Answer, { own, dialect }: Dialects, { request }: ValidChat, call: Call): Answer {
  const stream = request.stream === true && !call.request.path.includes('/async/');
  const written = (answer: Answer, how: Dialect) =>
    stream
      ? Array.from(chunks(answer, how, toolOptions(request, call)), ({ text }) => text).join('\0')
      : completionBody(answer, how);
  const answer = call.shots.reduce((given, shot) => {
    const other = shot.scenario.answer?.(given, shot, call);
    if (other === undefined) return given;
    if (written(other, dialect) !== written(given, dialect)) hit(call, shot);
    return other;
  }, sound);
  const odd = call.shots.filter(({ scenario }) => scenario.dialect !== undefined);
  if (odd.length > 0 && written(answer, own) !== written(answer, dialect)) for (const shot of odd) hit(call, shot);
  return answer;
}

interface Dialects {
  readonly own: Dialect;
  readonly dialect: Dialect;
}

/** An answer that may come to no good end is remembered until the question has a good one. */
function noteEnd({ content, finish }: Answer, { keyId, shots, entry, state }: Call): void {
  if (shots.length > 0 || finish === 'sensitive' || finish === 'network_error')
    state.unfinished.add(keyId, entry.question, entry.n, content);
  else state.unfinished.forget(keyId, entry.question);
}

function noteAnswer(entry: Call['entry'], { usage, finish, content, reasoning, toolCalls }: Answer): void {
  entry.completionTokens = usage.completion_tokens;
  entry.finish = finish;
  entry.kinds = kindsOf(content.length > 0, reasoning !== undefined, toolCalls.length > 0);
  if (toolCalls.length > 0) entry.toolCalls = toolCalls.map(({ id }) => id);
}

/** What a reply consists of. One list for each kind of reply: it lives as long as the journal's entry. */
function kindsOf(content: boolean, reasoning: boolean, tools: boolean): readonly string[] {
  return kinds[(content ? 1 : 0) + (reasoning ? 2 : 0) + (tools ? 4 : 0)] ?? [];
}

const kinds = Array.from({ length: 8 }, (_, set) =>
  ['content', 'reasoning_content', 'tool_calls'].filter((_, kind) => (set >> kind) & 1),
);

/** The same request is answered with the same words. */
function saidBy(valid: ValidChat, dialect: Dialect, { config, language, seed, state }: Call): Said {
  const known = state.said.get(valid);
  if (known !== undefined) return known;
  const { request, model, prompt } = valid;
  const content = seed.fork(
    `${request.model}/${prompt.prefixes.at(-1)?.key}/${request.response_format?.type ?? 'text'}`,
  );
  const lengths = { replyTokens: config.replyTokens, thinkingTokens: config.thinkingTokens };
  const draft = compose(request, model, prompt, content, { fallback: language, ...lengths });
  const said = withinBudget(draft, { request, model, prompt, dialect });
  state.said.set(valid, said);
  return said;
}

/** A unary body leaves when its last token is generated, and is stamped then. */
function unary(answer: Answer, dialect: Dialect, call: Call): Reply {
  const at = generationMs(answer, call);
  call.generated = (_, durationMs) => answer.usage.completion_tokens * Math.min(1, at > 0 ? durationMs / at : 1);
  const stamped = at === 0 ? answer : createdAt(answer, call.wallMs + at);
  return bodyReply(completionBody(stamped, dialect), at);
}

export const createdAt = (answer: Answer, wallMs: number): Answer => ({
  ...answer,
  created: Math.floor(wallMs / 1000),
});

/** How long generating takes at the configured pace, in ms. */
export const generationMs = ({ usage }: Answer, { config, random }: Call): number =>
  paceTotal(config.timing, usage.completion_tokens, () => random.fork('pace'));

function streamed(answer: Answer, dialect: Dialect, { request }: ValidChat, call: Call): Reply {
  const options = toolOptions(request, call);
  const beats = { [Symbol.iterator]: () => paced(chunks(answer, dialect, options), call) };
  call.generated = ({ bytes }) => tokensWithin(bytes, chunks(answer, dialect, options));
  return { at: 0, status: 200, code: 'none', type: call.config.wire.sseContentType, stream: true, beats };
}

/** Tokens of the frames that so many bytes hold. */
function tokensWithin(bytes: number, frames: Iterable<Chunk>): number {
  let left = bytes;
  let sum = 0;
  for (const { text, tokens } of frames) {
    left -= Buffer.byteLength(text);
    if (left < 0) break;
    sum += tokens;
  }
  return sum;
}

const toolOptions = (request: ValidChat['request'], { config }: Call) => ({
  toolStream: request.tool_stream === true && streamsTools(request.model),
  toolStreamRepeats: config.wire.toolStreamRepeats,
});

/** The models whose arguments can be streamed (§2.1); others ignore the switch. */
const streamsTools = (model: string) => /^glm-(?:4\.[67]|5)/.test(model) && !/v/.test(model);

/** Each token's frame at its due time; the closing frames leave with the last token. Not a generator: half the time per frame. */
function paced(frames: Iterator<Chunk>, { config, random }: Call): Iterator<Beat> {
  const pace = createPace(config.timing, () => random.fork('pace'));
  let at = 0;
  const next = (): IteratorResult<Beat> => {
    const step = frames.next();
    if (step.done) return step;
    const { text, tokens } = step.value;
    for (let i = 0; i < tokens; i++) at = pace.next();
    return { done: false, value: { at, send: text } };
  };
  return { next };
}
