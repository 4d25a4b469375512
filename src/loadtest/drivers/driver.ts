/** The way requests get onto the wire. The runner decides when; a driver only does it and tells what happened. */
import type { CallRecord } from '../../core/call/record.ts';
import type { Clock } from '../../core/clock.ts';
import type { LoadPlan } from '../plan.ts';

/** What a single request is sent with, and who is told while it is under way. */
export interface SendOptions {
  /** Aborting it ends the request as `cancelled`. */
  readonly signal: AbortSignal;
  /** The header of that name, in place of the plan's key. */
  readonly authorization?: string | undefined;
  /** Called when the request has left, if it does; when it must go out again on another connection, again. */
  readonly onSent?: (() => void) | undefined;
  /** Called for every gap between two reads that brought tokens, in ms. */
  readonly onGap?: ((ms: number) => void) | undefined;
}

/** Sends requests for a run, on connections that it keeps until it is closed. */
export interface Driver {
  /** Sends one chat request; never rejects, whatever happens is the record's outcome. */
  send(body: string, options: SendOptions): Promise<CallRecord>;
  /** Lets go of the connections; nothing can be sent any more. */
  close(): Promise<void>;
}

/** Makes a driver for a plan, or for one shard's part of it; moments in its records are ms of that clock. */
export type CreateDriver = (plan: LoadPlan, clock: Clock) => Driver;

const longestConnectMs = 10_000;

/** What ends a request, the same for every driver. */
export const deadlinesOf = ({ timeoutMs, idleMs }: LoadPlan) => ({
  connect: Math.min(longestConnectMs, timeoutMs),
  first_byte: timeoutMs,
  first_token: timeoutMs,
  idle: idleMs,
  total: timeoutMs,
});
