/**
 * Checks a chat request in the vendor's order with the vendor's texts: JSON, model, parameters, messages, tools,
 * length; glm-api.md §2.5, §5.4, §5.5. Nulls count as absent and unknown fields are ignored.
 */
import { isObject } from '../core/json-object.ts';
import { type ChatRequest, chatRequest, type Message, type Tool } from '../core/wire/chat.ts';
import { type Language, variants } from '../core/wire/errors.ts';
import { type Model, modelOf, unlistedModel } from '../core/wire/models.ts';
import { type Prompt, readPrompt } from './prompt.ts';
import { businessError, type Refusal } from './render/error.ts';

export interface Rules {
  readonly language: Language;
  /** Model codes that answer although the table does not know them. */
  readonly extraModels: readonly string[];
  /** Code of an out-of-range temperature or top_p: one report says 1214, analogy says 1210 (§14). */
  readonly rangeCode: '1210' | '1214';
  /** Whether earlier thinking stays in the prompt when the request does not say: on the coding base only (§2.4). */
  readonly keepThinking: boolean;
}

export interface ValidChat {
  readonly request: ChatRequest;
  readonly model: Model;
  readonly prompt: Prompt;
  /** Names of the fields that were sent. */
  readonly params: readonly string[];
}

/** The request, or the refusal the service would answer. */
export function validateChat(body: string, rules: Rules): ValidChat | Refusal {
  const value = parseObject(body);
  if (value === undefined) return businessError('1210', rules.language);
  const model = findModel(value.model, rules.extraModels);
  if (model === undefined) return businessError('1211', rules.language);
  const range = checkParameters(value, model, rules);
  if (range !== undefined) return range;
  const parsed = chatRequest.safeParse(value);
  if (!parsed.success) return shapeError(parsed.error.issues[0]?.path ?? [], value, rules.language);
  const request = parsed.data;
  const refusal =
    checkMessages(request.messages, model, rules.language) ?? checkTools(request.tools ?? [], rules.language);
  if (refusal !== undefined) return refusal;
  const prompt = readPrompt(request, model, rules.keepThinking);
  if (prompt.tokens > model.context) return businessError('1261', rules.language);
  return { request, model, prompt, params: Object.keys(value).slice(0, 64) };
}

export const isRefusal = (value: object): value is Refusal => 'status' in value;

/** The body as an object; undefined for broken JSON, arrays and bare values. */
export function parseObject(body: string): Readonly<Record<string, unknown>> | undefined {
  if (body.length > 2 * deepest && isTooDeep(body)) return undefined;
  try {
    const value: unknown = JSON.parse(body.charCodeAt(0) === byteOrderMark ? body.slice(1) : body);
    return isObject(value) ? value : undefined;
  } catch {
    // JSON.parse has only one complaint, and the caller words it as the service does.
    return undefined;
  }
}

const byteOrderMark = 0xfeff;

/** What the service's JSON reader takes by default; deeper values are past every stack here, too. */
const deepest = 1000;

/** Whether brackets nest deeper than that, outside of texts. */
function isTooDeep(body: string): boolean {
  let depth = 0;
  for (let at = 0; at < body.length; at++) {
    const c = body.charCodeAt(at);
    if (c === quote) at = textEnd(body, at);
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > deepest) return true;
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return false;
}

const quote = 0x22;

/** Where the text that begins at a quote ends. */
function textEnd(body: string, start: number): number {
  for (let at = body.indexOf('"', start + 1); at >= 0; at = body.indexOf('"', at + 1)) {
    let slashes = 0;
    while (body.charCodeAt(at - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return body.length;
}

/** The model a set of fields names, valid or not. */
export const modelIn = ({ model }: Readonly<Record<string, unknown>>): string | undefined =>
  typeof model === 'string' ? model.slice(0, 64) : undefined;

/** What the journal says of a request that is not read any further. */
export function askedIn(body: string): { model: string | undefined; stream: boolean } {
  const fields = parseObject(body) ?? {};
  return { model: modelIn(fields), stream: fields.stream === true };
}

/** The same of a body. */
export const modelNamed = (body: string): string | undefined => modelIn(parseObject(body) ?? {});

/** The model of that code, or one the user allowed by name. */
function findModel(id: unknown, extraModels: readonly string[]): Model | undefined {
  if (typeof id !== 'string') return undefined;
  return modelOf(id) ?? (extraModels.includes(id) || extraModels.includes('*') ? unlistedModel(id) : undefined);
}

const illegal = (field: string, language: Language) => businessError('1214', language, { values: { field } });

/** A field of the wrong JSON type: the first one that zod met, worded by where it stands. */
function shapeError(path: readonly PropertyKey[], value: Record<string, unknown>, language: Language): Refusal {
  const [field, index, inner, part] = path;
  if (field === 'messages') {
    if (inner === 'role') return businessError('1214', language, { message: variants.role[language] });
    const position = typeof part === 'number' ? part : firstBadPart(value, Number(index));
    if (inner === 'content' && position !== undefined) return typeError(Number(index), position, language);
    return illegal('messages', language);
  }
  if (field === 'tools') return inner === 'type' ? badToolType(Number(index), language) : illegal('tools', language);
  return businessError('1210', language);
}

function firstBadPart(value: Record<string, unknown>, index: number): number | undefined {
  const content = (value.messages as { content?: unknown }[] | undefined)?.[index]?.content;
  if (!Array.isArray(content)) return undefined;
  const at = content.findIndex(part => typeof part !== 'object' || part === null || typeof part.type !== 'string');
  return at < 0 ? 0 : at;
}

const typeError = (message: number, part: number, language: Language) =>
  businessError('1214', language, { message: `messages[${message}].content[${part}].type type error` });
const badToolType = (index: number, language: Language) =>
  businessError('1214', language, { message: `tools[${index}].type:type is illegal` });

/** Ranges come before shapes, so the values may still be of any type. */
function checkParameters(
  request: Readonly<Record<string, unknown>>,
  model: Model,
  { language, rangeCode }: Rules,
): Refusal | undefined {
  const { max_tokens: maxTokens, temperature, top_p: topP, thinking, reasoning_effort: effort } = request;
  const off = (thinking as { type?: unknown } | null | undefined)?.type === 'disabled';
  const range = (field: string, low: number | string, high: number | string, code: string = rangeCode) =>
    businessError(code, language, { message: variants.range[language](field, low, high) });

  if (
    typeof maxTokens === 'number' &&
    !(Number.isInteger(maxTokens) && maxTokens >= 1 && maxTokens <= model.maxOutput)
  ) {
    return range('max_tokens', 1, model.maxOutput, '1210');
  }
  if (typeof temperature === 'number' && !(temperature >= 0 && temperature <= 1))
    return range('temperature', '0.0', '1.0');
  if (typeof topP === 'number' && !(topP >= 0.01 && topP <= 1)) return range('top_p', '0.01', '1.0');
  if (
    model.thinking === 'always' &&
    (off || (typeof effort === 'string' && !['low', 'high', 'max'].includes(effort)))
  ) {
    return businessError('1210', language, { message: variants.alwaysThinks[language] });
  }
  return undefined;
}

const roles = new Set(['system', 'user', 'assistant', 'tool']);

function checkMessages(messages: readonly Message[], model: Model, language: Language): Refusal | undefined {
  if (messages.length === 0) return illegal('messages', language);
  for (const [index, message] of messages.entries()) {
    const refusal = checkMessage(message, index, model, language);
    if (refusal !== undefined) return refusal;
  }
  if (messages.every(({ role }) => role === 'system') || messages.every(({ role }) => role === 'assistant')) {
    return illegal('messages', language);
  }
  const lastUser = messages.findLast(({ role }) => role === 'user');
  if (lastUser !== undefined && isEmpty(lastUser))
    return businessError('1213', language, { values: { field: 'prompt' } });
  return undefined;
}

function checkMessage(message: Message, index: number, model: Model, language: Language): Refusal | undefined {
  const { role, content } = message;
  if (!roles.has(role)) return businessError('1214', language, { message: variants.role[language] });
  if (Array.isArray(content)) return checkParts(content, index, model, language);
  if (role === 'system' && typeof content !== 'string') return illegal('messages', language);
  if (role === 'tool' && (typeof content !== 'string' || !message.tool_call_id)) return illegal('messages', language);
  return undefined;
}

const sights = new Set(['image_url', 'video_url', 'file', 'file_url', 'input_audio']);

function checkParts(
  parts: Extract<Message['content'], unknown[]>,
  index: number,
  model: Model,
  language: Language,
): Refusal | undefined {
  for (const [at, part] of parts.entries()) {
    if (part.type === 'text' ? typeof part.text !== 'string' : !(sights.has(part.type) && model.vision))
      return typeError(index, at, language);
    if (part.type === 'image_url' && !isImage(part.image_url?.url))
      return businessError('1210', language, { message: variants.badImage[language] });
    if (part.type === 'video_url' && !/^https?:\/\//.test(part.video_url?.url ?? ''))
      return businessError('1210', language, { message: variants.badVideo[language] });
  }
  return undefined;
}

/** A web address, a data URL, or bare base64, which the vendor's Python SDK sends. */
const isImage = (url: string | undefined) =>
  url !== undefined &&
  (/^https?:\/\/./.test(url) || /^data:image\/[\w.+-]+;base64,./.test(url) || /^[A-Za-z0-9+/]{16,}={0,2}$/.test(url));

function isEmpty({ content }: Message): boolean {
  if (typeof content === 'string') return content.trim() === '';
  return !content?.some(part => part.type !== 'text' || part.text?.trim());
}

const toolTypes = new Set(['function', 'web_search', 'retrieval', 'mcp']);

function checkTools(tools: readonly Tool[], language: Language): Refusal | undefined {
  if (tools.length > 128) return illegal('tools', language);
  for (const [index, tool] of tools.entries()) {
    if (!toolTypes.has(tool.type)) return badToolType(index, language);
    if (tool.type !== 'function') continue;
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(tool.function?.name ?? '')) return illegal('tools', language);
    if (hasTuple(tool.function?.parameters, 0)) return businessError('1210', language);
  }
  return undefined;
}

const notSchemas = new Set(['default', 'enum', 'const', 'examples']);

/** `items` as a list of schemas, which the service refuses (§2.3). */
function hasTuple(schema: unknown, depth: number): boolean {
  if (typeof schema !== 'object' || schema === null || depth > 32) return false;
  return Object.entries(schema).some(
    ([key, value]) => (key === 'items' && Array.isArray(value)) || (!notSchemas.has(key) && hasTuple(value, depth + 1)),
  );
}
