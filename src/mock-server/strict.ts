/**
 * `--strict`: conversations the service may let pass or refuse without saying why. Each finding names the place and the
 * rule, so a test fails on the client's mistake and not somewhere behind it. Reports: glm-api.md §2.2, [I].
 */
import type { Recent } from '../core/recent.ts';
import { type ChatRequest, chatRequest, type Message } from '../core/wire/chat.ts';

/** What is wrong with a valid request, in sentences; empty when nothing is. */
export function strictFindings(
  request: ChatRequest,
  raw: Readonly<Record<string, unknown>>,
  usedIds: Recent<true>,
): string[] {
  return [
    ...unknownFields(raw),
    ...requestId(request, usedIds),
    ...stops(request),
    ...turns(request.messages),
    ...toolMessages(request.messages),
  ];
}

const alsoKnown = new Set([
  'stream_options',
  'sensitive_word_check',
  'watermark_enabled',
  'seed',
  'meta',
  'extra',
  'max_completion_tokens',
]);

function unknownFields(raw: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(raw)
    .filter(key => !Object.hasOwn(chatRequest.shape, key) && !alsoKnown.has(key))
    .map(key => `${key.slice(0, 64)}: the API does not document this field`);
}

function requestId({ request_id: given }: ChatRequest, usedIds: Recent<true>): string[] {
  if (given === undefined || given === null) return [];
  const id = String(given);
  const length = id.length < 6 || id.length > 64 ? [`request_id: must have 6 to 64 characters, has ${id.length}`] : [];
  return usedIds.get(id) ? [...length, 'request_id: was used before; it must be unique'] : length;
}

const stops = ({ stop }: ChatRequest) =>
  Array.isArray(stop) && stop.length > 1 ? [`stop: only one stop word is supported, found ${stop.length}`] : [];

function turns(messages: readonly Message[]): string[] {
  const findings: string[] = [];
  const first = messages.findIndex(({ role }) => role !== 'system');
  if (messages[first] !== undefined && messages[first].role !== 'user')
    findings.push(`messages[${first}]: the first message after the system prompt must be the user's`);
  if (messages.at(-1)?.role === 'assistant')
    findings.push(`messages[${messages.length - 1}]: the conversation must not end with the assistant`);
  messages.forEach(({ role }, i) => {
    if (role === 'system' && i > first && first >= 0) findings.push(`messages[${i}]: a system message must come first`);
    if (role === messages[i - 1]?.role && (role === 'user' || role === 'assistant'))
      findings.push(`messages[${i}]: follows another message of role ${role}`);
  });
  return findings;
}

function toolMessages(messages: readonly Message[]): string[] {
  const findings: string[] = [];
  let open = new Map<string, number>(); // unanswered call id → index of the message that made it
  messages.forEach((message, i) => {
    if (message.role === 'tool') {
      if (!open.delete(message.tool_call_id ?? ''))
        findings.push(`messages[${i}]: tool message answers no call of the message before it`);
      return;
    }
    for (const [id, at] of open) findings.push(`messages[${at}]: tool call ${id.slice(0, 64)} has no tool message`);
    open = new Map(message.tool_calls?.map(call => [call.id, i]));
  });
  for (const [id, at] of open) findings.push(`messages[${at}]: tool call ${id.slice(0, 64)} has no tool message`);
  return findings;
}
