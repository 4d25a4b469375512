/** What an endpoint gets and what it gives back. */
import type { Random } from '../../core/random.ts';
import type { Recent } from '../../core/recent.ts';
import type { Language } from '../../core/wire/errors.ts';
import type { Said } from '../budget.ts';
import type { MockConfig } from '../config.ts';
import type { FaultBook } from '../faults/book.ts';
import type { Book } from '../fixtures/book.ts';
import type { HeaderList } from '../headers.ts';
import type { JournalEntry } from '../journal.ts';
import type { Limiter } from '../limits.ts';
import type { Beat, MockRequest } from '../plan.ts';
import type { PrefixCache } from '../prefix-cache.ts';
import type { Refusal } from '../render/error.ts';
import type { Shot } from '../scenarios/scenario.ts';
import type { TaskStore } from '../tasks.ts';
import type { ValidChat } from '../validate.ts';

/** Everything the mock remembers between requests, apart from its journal. */
export interface State {
  readonly tasks: TaskStore;
  readonly prefixes: PrefixCache;
  /** What short bodies meant. */
  readonly read: Recent<Understood>;
  /** What was answered to them. */
  readonly said: WeakMap<ValidChat, Said>;
  readonly limiter: Limiter;
  readonly faults: FaultBook;
  readonly book: Book;
  /** `request_id`s that were used, for `--strict`. */
  readonly usedIds: Recent<true>;
}

/** A valid request, and what its meaning hung on beside the body. */
export interface Understood {
  readonly language: Language;
  readonly keepThinking: boolean;
  readonly valid: ValidChat;
}

/** One authenticated request. */
export interface Call {
  readonly request: MockRequest;
  /** Empty until the caller is known. */
  keyId: string;
  readonly language: Language;
  readonly wallMs: number;
  /** Forked by request number: ids and times. */
  readonly random: Random;
  /** The mock's seed, to be forked by content: texts. */
  readonly seed: Random;
  readonly config: MockConfig;
  readonly state: State;
  readonly entry: JournalEntry;
  /** The faults that strike this request. */
  shots: readonly Shot[];
  /** Called when the answer is over; set by what must be given back then. */
  leave: (() => void) | undefined;
}

/** An answer: a body at one moment, or beats. */
export interface Reply {
  /** When the head leaves, ms since the request came in. */
  readonly at: number;
  readonly status: number;
  readonly code: string;
  readonly type: string;
  readonly stream: boolean;
  readonly body?: string;
  readonly beats: Iterable<Beat>;
  /** In place of what the host sends otherwise. */
  readonly headers?: HeaderList;
  /** Besides what the host sends otherwise. */
  readonly extra?: HeaderList;
}

/** No answer at all: the connection ends, or hangs, `at` ms after the request. */
export interface Silence {
  readonly silence: 'fin' | 'reset' | 'hang';
  readonly at: number;
}

/** A promise only where another process has to be asked. */
export type Endpoint = (call: Call) => Reply | Refusal | Silence | Promise<Reply | Refusal | Silence>;

/** Content type of 200s: without the space that errors have (§3.1). */
export const okType = 'application/json;charset=UTF-8';

/** A JSON body, `at` ms after the request. */
export const bodyReply = (body: string, at = 0): Reply => ({
  at,
  status: 200,
  code: 'none',
  type: okType,
  stream: false,
  body,
  beats: [],
});

/** A refusal as a reply, for what happens to replies. */
export const refusalReply = ({ status, code, type, body, headers }: Refusal): Reply => ({
  at: 0,
  status,
  code,
  type,
  body,
  beats: [],
  stream: false,
  ...(headers && { extra: headers }),
});
