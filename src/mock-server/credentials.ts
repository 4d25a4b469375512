/**
 * Tells the credentials that clients come with apart by a number, so that the journal holds none. Whoever mints a JWT for each
 * call comes with one credential all the time; only an expired token is another one than the fresh token after it.
 */
import { createRecent, type Recent } from '../core/recent.ts';
import { expiryOf, readToken } from '../core/wire/auth.ts';

/**
 * Number of an `Authorization` header, from 1 in order of first sight; 0 for none.
 * @param keys secrets by id: whose mock it is, for each counts on its own @param at wall time, ms since 1970
 */
export function credentialNumber(authorization: string | undefined, keys: ReadonlyMap<string, string>, at: number) {
  if (!authorization) return 0;
  const book = books.get(keys) ?? newBook(keys);
  const known = book.byHeader.get(authorization);
  if (known !== undefined) return known;
  const holder = holderOf(authorization, at);
  const number = book.byHolder.get(holder) ?? ++book.count;
  book.byHolder.set(holder, number);
  book.byHeader.set(authorization, number);
  return number;
}

interface Book {
  count: number;
  readonly byHeader: Recent<number>;
  readonly byHolder: Recent<number>;
}

const books = new WeakMap<ReadonlyMap<string, string>, Book>();

/** How many are told apart; an older one that comes again has a new number. */
const remembered = 1000;

function newBook(keys: ReadonlyMap<string, string>): Book {
  const book = { count: 0, byHeader: createRecent<number>(remembered), byHolder: createRecent<number>(remembered) };
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
