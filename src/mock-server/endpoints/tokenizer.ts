/** `POST /tokenizer`: counts a prompt's tokens; the success body is known from a client's source only (§1.2). */
import { completionId } from '../../core/wire/ids.ts';
import { isRefusal } from '../validate.ts';
import { readChat } from './chat.ts';
import { bodyReply, type Endpoint } from './endpoint.ts';

export const tokenizer: Endpoint = call => {
  const valid = readChat(call);
  if (isRefusal(valid)) return valid;
  const id = completionId(call.wallMs, call.random);
  const { tokens } = valid.prompt;
  const usage = { prompt_tokens: tokens, video_tokens: 0, image_tokens: 0, total_tokens: tokens };
  const requestId = valid.request.request_id ? String(valid.request.request_id) : id;
  return bodyReply(JSON.stringify({ created: Math.floor(call.wallMs / 1000), id, request_id: requestId, usage }));
};
