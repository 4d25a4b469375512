/** The chat API's bodies as types and schemas; glm-api.md §2 (request), §3 (response), §4 (stream), §9 (async). */
import { z } from 'zod';
import { list } from './list.ts';

/** A part of a message's content, as vision models take them. */
const contentPart = z.looseObject({
  type: z.string(),
  text: z.string().nullish(),
  image_url: z.looseObject({ url: z.string() }).nullish(),
  video_url: z.looseObject({ url: z.string() }).nullish(),
});

export const toolCall = z.object({
  id: z.string(),
  type: z.string(),
  function: z.object({ name: z.string(), arguments: z.string() }).nullish(),
});

export const message = z.object({
  role: z.string(),
  content: z.union([z.string(), list(contentPart)]).nullish(),
  reasoning_content: z.string().nullish(),
  tool_calls: list(toolCall).nullish(),
  tool_call_id: z.string().nullish(),
});

export const tool = z.looseObject({
  type: z.string(),
  function: z
    .looseObject({
      name: z.string(),
      description: z.string().nullish(),
      parameters: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
});

/** `POST /chat/completions`. Only types; ranges depend on the model and are the mock's business. Unknown keys are dropped. */
export const chatRequest = z.object({
  model: z.string(),
  messages: list(message),
  stream: z.boolean().nullish(),
  thinking: z.object({ type: z.string().nullish(), clear_thinking: z.boolean().nullish() }).nullish(),
  reasoning_effort: z.string().nullish(),
  do_sample: z.boolean().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  max_tokens: z.number().nullish(),
  max_completion_tokens: z.unknown().optional(),
  stop: z.union([z.string(), list(z.string())]).nullish(),
  tools: list(tool).nullish(),
  tool_choice: z.unknown().optional(),
  tool_stream: z.boolean().nullish(),
  response_format: z.looseObject({ type: z.string().nullish() }).nullish(),
  request_id: z.union([z.string(), z.number()]).nullish(),
  user_id: z.unknown().optional(),
});

export type ChatRequest = z.infer<typeof chatRequest>;
export type Message = z.infer<typeof message>;
export type Tool = z.infer<typeof tool>;

/** Why generation stopped; §3.2. */
export type FinishReason =
  | 'stop'
  | 'length'
  | 'tool_calls'
  | 'sensitive'
  | 'network_error'
  | 'model_context_window_exceeded';

/** Token counts; the details objects are there or not by model and year. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details?: { readonly cached_tokens: number };
  readonly completion_tokens_details?: { readonly reasoning_tokens: number };
}

/** `error` as `/paas/v4` writes it: the code is a string of digits. */
export const errorBody = z.object({
  error: z.object({ code: z.union([z.string(), z.number()]).transform(String), message: z.string() }),
});

const usage = z.looseObject({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  total_tokens: z.number(),
  prompt_tokens_details: z.looseObject({ cached_tokens: z.number() }).nullish(),
  completion_tokens_details: z.looseObject({ reasoning_tokens: z.number() }).nullish(),
});

/** A unary answer, read leniently: what a client needs and no more. */
export const chatCompletion = z.looseObject({
  id: z.string().nullish(),
  model: z.string().nullish(),
  request_id: z.string().nullish(),
  choices: z.array(
    z.looseObject({
      finish_reason: z.string().nullish(),
      message: z.looseObject({
        content: z.string().nullish(),
        reasoning_content: z.string().nullish(),
        tool_calls: z.array(z.unknown()).nullish(),
      }),
    }),
  ),
  usage: usage.nullish(),
});

export type ChatCompletion = z.infer<typeof chatCompletion>;

/** States of an asynchronous task; §9. */
export type TaskStatus = 'PROCESSING' | 'SUCCESS' | 'FAIL';
