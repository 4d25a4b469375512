/**
 * Tells the credentials that clients come with apart by a number, so that the journal holds none. Whoever mints a JWT for each
 * call comes with one credential all the time; only an expired token is another one than the fresh token after it.
 */
import { createRecent, type Recent } from '../core/recent.ts';
import { expiryOf, readToken } from '../core/wire/auth.ts';

/** Numbers from 1 in order of first sight; 0 for none. */
export interface Presented {
  /** Of whoever came. */
  readonly credential: number;
  /** Of the very text of the header: a JWT that was minted anew has another one. */
  readonly token: number;
}

const nothing: Presented = { credential: 0, token: 0 };

/**
 * What an `Authorization` header presents.
 * @param keys secrets by id: whose mock it is, for each counts on its own @param at wall time, ms since 1970
 */
export function presentedBy(
  authorization: string | undefined,
  keys: ReadonlyMap<string, string>,
  at: number,
): Presented {
  if (!authorization) return nothing;
  const book = books.get(keys) ?? newBook(keys);
  const known = book.byHeader.get(authorization);
  if (known !== undefined) return known;
  const holder = holderOf(authorization, at);
  const presented = { credential: book.byHolder.get(holder) ?? ++book.credentials, token: ++book.tokens };
  book.byHolder.set(holder, presented.credential);
  book.byHeader.set(authorization, presented);
  return presented;
}

interface Book {
  credentials: number;
  tokens: number;
  readonly byHeader: Recent<Presented>;
  readonly byHolder: Recent<number>;
}

const books = new WeakMap<ReadonlyMap<string, string>, Book>();

/** How many are told apart; an older one that comes again has a new number. */
const remembered = 1000;

function newBook(keys: ReadonlyMap<string, string>): Book {
  const [byHeader, byHolder] = [createRecent<Presented>(remembered), createRecent<number>(remembered)];
  const book = { credentials: 0, tokens: 0, byHeader, byHolder };
  books.set(keys, book);
  return book;
}

/** The key id of a JWT that is still good; anything else is itself. */
function holderOf(authorization: string, at: number): string {
  const token = authorization.replace(/^\s*bearer(\s+|$)/i, '').trim();
  const claims = token.split('.').length === 3 ? readToken(token) : undefined;
  if (claims?.apiKey === undefined || claims.exp === undefined) return token;
  return expiryOf(claims.exp, 'lenient').ms > at ? `JWT of ${claims.apiKey}` : token;
}
