/** An answer as one JSON body. Keys are alphabetical at every depth and there are no spaces; glm-api.md §3.1. */
import type { TaskStatus, Usage } from '../../core/wire/chat.ts';
import type { Answer } from '../answer.ts';
import type { Dialect } from '../dialect.ts';

/** The body of a unary completion, or of a finished task when `status` is given. */
export function completionBody(answer: Answer, dialect: Pick<Dialect, 'object'>, status?: TaskStatus): string {
  return JSON.stringify({
    choices: [{ finish_reason: answer.finish, index: 0, message: messageOf(answer) }],
    created: answer.created,
    id: answer.id,
    model: answer.model,
    ...(dialect.object ? { object: 'chat.completion' } : {}),
    ...(answer.requestId === undefined ? {} : { request_id: answer.requestId }),
    ...(status === undefined ? {} : { task_status: status }),
    usage: sortedUsage(answer.usage),
  });
}

function messageOf(answer: Answer) {
  return {
    content: answer.content.join(''),
    ...(answer.reasoning === undefined ? {} : { reasoning_content: answer.reasoning.join('') }),
    role: 'assistant',
    ...(answer.toolCalls.length === 0 ? {} : { tool_calls: answer.toolCalls.map(toolCall) }),
  };
}

const toolCall = (call: Answer['toolCalls'][number], index: number) => ({
  function: { arguments: call.arguments, name: call.name },
  id: call.id,
  index,
  type: 'function',
});

const sortedUsage = (usage: Usage) => ({
  completion_tokens: usage.completion_tokens,
  ...(usage.completion_tokens_details === undefined
    ? {}
    : { completion_tokens_details: usage.completion_tokens_details }),
  prompt_tokens: usage.prompt_tokens,
  ...(usage.prompt_tokens_details === undefined ? {} : { prompt_tokens_details: usage.prompt_tokens_details }),
  total_tokens: usage.total_tokens,
});
