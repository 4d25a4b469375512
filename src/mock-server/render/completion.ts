/** An answer as one JSON body. Keys are alphabetical at every depth and there are no spaces; glm-api.md §3.1. */
import { sameAgain } from '../../core/same-again.ts';
import type { TaskStatus, Usage } from '../../core/wire/chat.ts';
import type { Answer } from '../answer.ts';
import type { Dialect } from '../dialect.ts';

/** The body of a unary completion, or of a finished task when `status` is given. */
export function completionBody(answer: Answer, dialect: Pick<Dialect, 'object'>, status?: TaskStatus): string {
  const { finish, created, id, model, requestId, usage } = answer;
  const object = dialect.object ? ',"object":"chat.completion"' : '';
  const request =
    requestId === undefined ? '' : `,"request_id":${requestId === id ? `"${id}"` : JSON.stringify(requestId)}`;
  const task = status === undefined ? '' : `,"task_status":"${status}"`;
  return `{"choices":[{"finish_reason":"${finish}","index":0,"message":${message(answer)}}],"created":${created},"id":"${id}","model":${JSON.stringify(model)}${object}${request}${task},"usage":${usageJson(usage)}}`;
}

function message({ content, nullContent, reasoning, toolCalls }: Answer): string {
  const thought = reasoning === undefined ? '' : `,"reasoning_content":${quotedReasoning(reasoning)}`;
  const calls = toolCalls.length === 0 ? '' : `,"tool_calls":${JSON.stringify(toolCalls.map(toolCall))}`;
  const text = nullContent ? 'null' : quotedContent(content);
  return `{"content":${text}${thought},"role":"assistant"${calls}}`;
}

const quoted = (pieces: readonly string[]) => JSON.stringify(pieces.join(''));
const quotedContent = sameAgain(quoted);
const quotedReasoning = sameAgain(quoted);

const toolCall = (call: Answer['toolCalls'][number], index: number) => ({
  function: { arguments: call.arguments, name: call.name },
  id: call.id,
  index,
  type: 'function',
});

const usageJson = sameAgain((usage: Usage) => {
  const { completion_tokens_details: thought, prompt_tokens_details: cache } = usage;
  const reasoning =
    thought === undefined ? '' : `,"completion_tokens_details":{"reasoning_tokens":${thought.reasoning_tokens}}`;
  const cached = cache === undefined ? '' : `,"prompt_tokens_details":{"cached_tokens":${cache.cached_tokens}}`;
  return `{"completion_tokens":${usage.completion_tokens}${reasoning},"prompt_tokens":${usage.prompt_tokens}${cached},"total_tokens":${usage.total_tokens}}`;
});
