/** The matchers as a test writes them, for the runners' types. */
import type { Aborted, ReceivedChat, Retried } from '../verdict/matchers.ts';
import type { AssertOptions } from '../verdict/report.ts';

export interface GlmMatchers {
  /** A chat request came, or exactly `times` of them. */
  toHaveReceivedChat(wanted?: ReceivedChat): Promise<void>;
  /** The client hung up during an answer. */
  toHaveAborted(wanted?: Aborted): Promise<void>;
  /** A request was sent again. */
  toHaveRetried(wanted?: Retried): Promise<void>;
  /** Nothing of what the client did with faults and errors was bad; fails with the report. */
  toBeResilient(options?: AssertOptions): Promise<void>;
}
