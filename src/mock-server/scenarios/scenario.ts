/**
 * What a named fault is: where it was seen, what a client should make of it, and how it changes a reply. A scenario is
 * data and pure functions; it lives in one entry of one file of this folder, and everything else reads it from there:
 * the list, the documents, the tests and the sweep.
 */
import type { Reason } from '../../core/outcome.ts';
import type { Mark } from '../../core/wire/errors.ts';
import type { Answer } from '../answer.ts';
import type { Dialect } from '../dialect.ts';
import type { Call, Reply, Silence } from '../endpoints/endpoint.ts';
import type { Refusal } from '../render/error.ts';

/** What a user may set with `name=value`. Durations are ms. */
export interface Params {
  /** How many frames of a stream pass before the fault; its position. */
  readonly after: number;
  /** How long, in ms; `Infinity` for ever. */
  readonly for: number;
  /** Business code of an error. */
  readonly code: string;
  /** HTTP status of an error. */
  readonly status: number;
  /** Text in the prompt that sets the fault off. */
  readonly marker: string;
  /** A word that the scenario explains. */
  readonly value: string;
}

/** What a word may be: one of a few, worded by `wanted` where they are many, or a whole number. */
export type Choice =
  | { readonly values: readonly string[]; readonly wanted?: string }
  | { readonly least: number; readonly most: number };

export type Defaults = Readonly<Partial<Params>>;

/** The fault as it strikes one request. */
export interface Shot {
  readonly scenario: Scenario;
  readonly params: Params;
}

export interface Scenario {
  /** As it is asked for: lower-case words joined by hyphens. */
  readonly name: string;
  /** `F1`–`F32` of glm-api.md §10, a business code of §5.3, or `B…` for what bytes may do on any network. */
  readonly id: string;
  readonly summary: string;
  /** What goes over the wire. */
  readonly wire: string;
  readonly evidence: string;
  readonly mark: Mark;
  /** What a sound client does. */
  readonly advice: string;
  /** What a measured streamed call must come to with the defaults; see `core/outcome.ts`. */
  readonly outcome: Reason;
  /** The same for a call that is not streamed, where it differs. */
  readonly unary?: Reason;
  /** The parameters it listens to, with their defaults. */
  readonly defaults?: Defaults;
  /** What `code` and `value` may be; anything that is not empty where it is not said. */
  readonly choices?: Readonly<Partial<Record<'code' | 'value', Choice>>>;
  /** Share of requests it strikes when nothing else is said; 1 by default. */
  readonly rate?: number;

  /** In place of an answer. `undefined`: this request is spared. */
  readonly instead?: (shot: Shot, call: Call) => Refusal | Reply | Silence | undefined;
  /** Answers a request for a stream with one body. */
  readonly unstream?: true;
  readonly dialect?: (dialect: Dialect, shot: Shot) => Dialect;
  /** Says something else. */
  readonly answer?: (answer: Answer, shot: Shot, call: Call) => Answer;
  /** Sends it otherwise. */
  readonly reply?: (reply: Reply, shot: Shot, call: Call) => Reply;
}
