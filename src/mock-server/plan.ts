/** The words between the engine, which decides what is answered, and the players, which carry it out. */
import type { HeaderList } from './headers.ts';

/** A request as both transports see it. */
export interface MockRequest {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** What follows the question mark; read only to see whether it holds a key. */
  readonly query?: string;
  /** Number of the connection, from 1, where there is one. */
  readonly connection?: number;
  /** Whether an earlier request came over it. */
  readonly reused?: boolean;
  /** `clock.now()` when it was opened. */
  readonly openedMs?: number | undefined;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** `clock.now()` when the request's head was read: all times of a plan count from here. */
  readonly arrivedMs: number;
}

/** Status and headers; `at` is when they leave, in ms since the request came in. */
export interface Head {
  readonly at: number;
  readonly status: number;
  readonly headers: HeaderList;
}

/** At `at` ms since the request came in, send these bytes, or end the connection in one of three ways. */
export type Beat =
  | { readonly at: number; readonly send: string | Uint8Array }
  | { readonly at: number; readonly end: 'fin' | 'reset' | 'hang' };

/** What to answer. No head: nothing was answered. Running out of beats is the normal end. */
export interface ReplyPlan {
  readonly head?: Head;
  readonly beats: Iterable<Beat>;
}

/** How a player got on with a plan. */
export interface Played {
  readonly ending: 'complete' | 'client_gone' | 'cut';
  /** Whether the head was handed to the transport. */
  readonly headSent: boolean;
  /** Beats handed to the transport. */
  readonly beats: number;
  /** Bytes of body handed to the transport. */
  readonly bytes: number;
  /** The largest pacing error in ms; 0 when nothing was sent. */
  readonly worstLatenessMs: number;
}

/** One request being answered. The player calls `settle` exactly once, whatever happened. */
export interface Exchange {
  readonly plan: ReplyPlan;
  /** Where the player may note when chunks were due and when they left, in turn, in ms since the request. */
  readonly timeline?: number[] | undefined;
  settle(played: Played): void;
}
