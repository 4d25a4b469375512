/** The measured call of `core/call.ts`, which the probe makes too, on kept connections. */
import { createCaller } from '../../core/call.ts';
import { type CreateDriver, deadlinesOf } from './driver.ts';

export const createUndiciDriver: CreateDriver = (plan, clock) => {
  const { baseUrl, key, ca, concurrency: connections, stream } = plan;
  const deadlines = deadlinesOf(plan);
  const caller = createCaller({ baseUrl, key, ca, connection: 'pooled', connections, deadlines, clock });
  return {
    send: (body, options) => caller.call({ kind: 'chat', body, stream }, options),
    close: async () => caller.close(),
  };
};
