/** `chat_async`: submits a task and asks for it until it is done; glm-api.md §9. */
import type { CallRecord } from '../../core/call/record.ts';
import type { CallRequest } from '../../core/call.ts';
import { type Asker, type Call, type Check, chatBody, createAsker, oneCall, questionOf } from './check.ts';

export const chatAsync: Check = {
  look: async (check, door) => {
    const asker = createAsker(check, door);
    try {
      const { text, fields, right } = questionOf(check, door);
      const body = JSON.stringify({ ...chatBody(check, text), ...fields });
      const submitted = await asker.ask({ kind: 'async_chat', body }, { label: 'submit' });
      const taskId = submitted.record.id;
      if (submitted.record.outcome.kind !== 'ok' || taskId === undefined) return [submitted];
      const dueMs = submitted.record.intendedMs + check.deadlines.total;
      const polls = await poll({ asker, request: { kind: 'async_result', taskId }, right, dueMs, ...door });
      return [submitted, ...polls.slice(0, -1), whole(submitted, polls.at(-1) ?? submitted)];
    } finally {
      asker.close();
    }
  },
  // Asking for a task costs nothing.
  cost: { ...oneCall, calls: () => 12 },
};

interface Polling {
  readonly asker: Asker;
  readonly request: CallRequest;
  readonly right: Call['right'];
  readonly dueMs: number;
  readonly clock: { now(): number; sleep(ms: number, signal?: AbortSignal): Promise<void> };
  readonly stop: AbortSignal;
}

/** Free models take 12 to 60 s (glm-api.md §9): asking every five seconds is often enough. */
const shortestPauseMs = 250;
const longestPauseMs = 5000;

async function poll({ asker, request, right, dueMs, clock, stop }: Polling): Promise<Call[]> {
  const calls: Call[] = [];
  for (let pauseMs = shortestPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    // Told to stop while it waits: the next call ends as `cancelled` at once.
    await clock.sleep(Math.min(pauseMs, Math.max(0, dueMs - clock.now())), stop).catch(() => {});
    const call = await asker.ask(request, { label: 'poll', right });
    const waiting = call.record.outcome.kind === 'ok' && call.record.taskStatus === 'PROCESSING';
    if (!waiting) return [...calls, call];
    if (clock.now() >= dueMs) return [...calls, { ...call, record: late(call.record) }];
    calls.push(call);
  }
}

const late = (record: CallRecord): CallRecord => ({
  ...record,
  deadline: 'total',
  outcome: { kind: 'timeout_total', detail: 'the task was not done in time' },
});

/** The last answer, timed from the moment the task was submitted. */
const whole = (submitted: Call, last: Call): Call => ({
  ...last,
  record: { ...last.record, intendedMs: submitted.record.intendedMs },
});
