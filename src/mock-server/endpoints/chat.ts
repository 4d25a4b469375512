/** `POST /chat/completions`, unary and streamed. */
import { digest } from '../../core/random.ts';
import type { Answer } from '../answer.ts';
import { type Said, withinBudget } from '../budget.ts';
import { type Dialect, dialectOf } from '../dialect.ts';
import { insteadOf } from '../faults/strike.ts';
import { finish } from '../finish.ts';
import { overridden } from '../fixtures/reply.ts';
import type { Beat } from '../plan.ts';
import { type Chunk, chunks } from '../render/chunks.ts';
import { completionBody } from '../render/completion.ts';
import { businessError, type Refusal } from '../render/error.ts';
import { compose } from '../replies/compose.ts';
import { late } from '../scenarios/beats.ts';
import { codeError } from '../scenarios/codes.ts';
import { strictFindings } from '../strict.ts';
import { createPace, paceTotal } from '../timing.ts';
import { isRefusal, modelNamed, parseObject, type ValidChat, validateChat } from '../validate.ts';
import { bases } from './bases.ts';
import { bodyReply, type Call, type Reply, type Silence } from './endpoint.ts';
import { type Script, scriptFor } from './script.ts';

export function chat(call: Call): Given {
  const told = tell(call);
  if (!('answer' in told)) return told;
  const { answer, dialect, valid, delayMs } = told;
  const body = valid.request.stream !== true || call.shots.some(({ scenario }) => scenario.unstream);
  const reply = body ? unary(answer, dialect, call) : streamed(answer, dialect, valid, call);
  return delayMs === 0 ? reply : late(reply, delayMs);
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
  const refused = turnedAway(valid, call);
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
  const valid = understood(call);
  if (isRefusal(valid)) {
    entry.model = modelNamed(request.body);
    return valid;
  }
  entry.model = valid.request.model;
  entry.promptTokens = valid.prompt.tokens;
  entry.params = valid.params;
  noteTools(entry, valid.request.messages);
  if (!config.strict) return valid;
  entry.strict = strictFindings(valid.request, parseObject(request.body) ?? {}, state.usedIds);
  if (valid.request.request_id) state.usedIds.set(String(valid.request.request_id), true);
  return entry.strict.length === 0 ? valid : strictRefusal(entry.strict, call);
}

/** A short body that came before means the same again: load tests send one request a million times. */
function understood({ request: { body, path }, language, config, state }: Call): ValidChat | Refusal {
  const keepThinking = path.startsWith(bases[1]);
  const known = state.read.get(body);
  if (known?.language === language && known.keepThinking === keepThinking) return known.valid;
  const { models: extraModels, wire } = config;
  const valid = validateChat(body, { language, extraModels, rangeCode: wire.rangeCode, keepThinking });
  if (!isRefusal(valid) && body.length <= rememberedChars) state.read.set(body, { language, keepThinking, valid });
  return valid;
}

const rememberedChars = 4096;

/** The mock's own refusal: the vendor's code, and the findings in the message, where every client shows them. */
function strictRefusal(findings: readonly string[], { language }: Call): Refusal {
  const duplicate = findings.some(text => text.includes('was used before'));
  const message = `glm-testkit --strict: ${findings.join('; ')}`;
  return businessError(duplicate ? '1231' : '1214', language, { message });
}

/** Refuses what is over a limit; else the caller is in until its answer is over. */
function turnedAway(valid: ValidChat, call: Call): Refusal | undefined {
  const { keyId, wallMs, random, state } = call;
  if (!state.limiter.on) return undefined;
  const visitor = { keyId, wallMs, random, model: valid.request.model };
  const turned = state.limiter.enter(visitor);
  if (turned === undefined) {
    call.leave = () => state.limiter.leave(visitor);
    return undefined;
  }
  const refusal = codeError(turned.code, call, turned.resetMs, turned.windowMs || undefined);
  return turned.retryAfter === undefined
    ? refusal
    : { ...refusal, headers: ['retry-after', String(turned.retryAfter)] };
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
  const answer = call.shots.reduce((given, shot) => shot.scenario.answer?.(given, shot, call) ?? given, sound);
  noteAnswer(call.entry, answer);
  if (state.limiter.on) state.limiter.spend({ keyId, wallMs, random, model: request.model }, answer.usage.total_tokens);
  return { answer, dialect };
}

/** Which calls were carried out, so that one that was carried out twice is seen. */
function noteTools(entry: Call['entry'], messages: ValidChat['request']['messages']): void {
  if (messages.at(-1)?.role !== 'tool') return;
  const answers = messages.filter(({ role }) => role === 'tool').slice(-mostAnswers);
  entry.answeredTools = answers.map(({ tool_call_id: id }) => String(id).slice(0, 64));
  entry.answerDigests = answers.map(({ content }) =>
    digest(typeof content === 'string' ? content : JSON.stringify(content)),
  );
}

const mostAnswers = 32;

function noteAnswer(entry: Call['entry'], { usage, finish, content, reasoning, toolCalls }: Answer): void {
  entry.completionTokens = usage.completion_tokens;
  entry.finish = finish;
  const kinds: string[] = [];
  if (content.length > 0) kinds.push('content');
  if (reasoning !== undefined) kinds.push('reasoning_content');
  if (toolCalls.length > 0) kinds.push('tool_calls');
  entry.kinds = kinds;
  if (toolCalls.length > 0) entry.toolCalls = toolCalls.map(({ id }) => id);
}

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
  const { wire } = call.config;
  const options = {
    toolStream: request.tool_stream === true && streamsTools(request.model),
    toolStreamRepeats: wire.toolStreamRepeats,
  };
  const beats = { [Symbol.iterator]: () => paced(chunks(answer, dialect, options), call) };
  return { at: 0, status: 200, code: 'none', type: wire.sseContentType, stream: true, beats };
}

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
