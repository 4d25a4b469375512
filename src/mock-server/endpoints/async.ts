/** `POST /async/chat/completions` and `GET /async-result/{id}`; glm-api.md §9. */
import { completionBody } from '../render/completion.ts';
import { businessError, type Refusal } from '../render/error.ts';
import { safeDecode } from '../safe-decode.ts';
import type { Task } from '../tasks.ts';
import { createdAt, generationMs, tell } from './chat.ts';
import { bodyReply, type Call, type Reply, type Silence } from './endpoint.ts';

/** Takes the task on; `stream: true` is accepted and ignored. */
export function submit(call: Call): Reply | Refusal | Silence {
  const told = tell(call);
  if (!('answer' in told)) return told;
  const { answer, dialect } = told;
  const takes = generationMs(answer, call) + call.config.taskTime;
  const requestId = answer.requestId ?? answer.id;
  const result = completionBody(createdAt(answer, call.wallMs + takes), dialect, 'SUCCESS');
  call.state.tasks.add({
    id: answer.id,
    requestId,
    owner: call.keyId,
    readyMs: call.wallMs + takes,
    result,
  });
  return bodyReply(
    JSON.stringify({ id: answer.id, model: answer.model, request_id: requestId, task_status: 'PROCESSING' }),
  );
}

/** The task's state; a task of another account is as unknown as one that never was. */
export function asyncResult(call: Call): Reply | Refusal | Promise<Reply | Refusal> {
  const id = safeDecode(call.request.path.slice(call.request.path.lastIndexOf('/') + 1));
  const found = call.state.tasks.find(id, call.keyId);
  return found instanceof Promise ? found.then(task => stateOf(task, id, call)) : stateOf(found, id, call);
}

function stateOf(task: Task | undefined, id: string, call: Call): Reply | Refusal {
  if (task === undefined) return businessError('1233', call.language, { values: { id: id.slice(0, 128) } });
  if (call.wallMs >= task.readyMs) return bodyReply(task.result);
  return bodyReply(JSON.stringify({ id: task.id, request_id: task.requestId, task_status: 'PROCESSING' }));
}
