/** A server may say our own key back, in a code, an id or a header. What it says is kept, a key is not. Pure. */
import type { CallRecord } from '../core/call/record.ts';

/** What of a record is in the server's own words and may be printed or stored. */
const worded = ['code', 'message', 'id', 'model', 'logId', 'finishReason', 'taskStatus'] as const;

/** Words that are cut off somewhere still begin with this much of a key, characters; less than the second is no secret. */
const telling = 16;
const shortest = 6;

/** @returns the record itself, or one in which words that hold a key, or a token made from one, are `***` */
export function createBlotter(keys: readonly string[]): (record: CallRecord) => CallRecord {
  const secrets = keys
    .flatMap(key => [key, key.split('.')[1] ?? ''])
    .filter(({ length }) => length >= shortest)
    .map(secret => secret.slice(0, telling));
  const tells = (text: unknown) =>
    typeof text === 'string' && (secrets.some(secret => text.includes(secret)) || jwt.test(text));
  return record => {
    const told = worded.filter(name => tells(record[name]));
    return told.length === 0 ? record : { ...record, ...Object.fromEntries(told.map(name => [name, '***'])) };
  };
}

/** A JWT begins with a JSON object in base64. */
const jwt = /\beyJ[\w-]{10}/;
