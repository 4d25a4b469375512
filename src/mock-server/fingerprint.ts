/** What a request is known by when it is sent again. */
import { digest } from '../core/random.ts';

/** A digest of a body; the same for each attempt, though some clients name or date them. */
export function fingerprintOf(body: string): number {
  if (last?.body === body) return last.fingerprint;
  const fingerprint = computed(body);
  if (body.length <= rememberedChars) last = { body, fingerprint };
  return fingerprint;
}

/** Load tests send one request a million times. */
let last: { readonly body: string; readonly fingerprint: number } | undefined;

const rememberedChars = 4096;

function computed(body: string): number {
  const end = body.slice(-65_536);
  const same = end
    .replace(ownName, '')
    .replace(ownUser, user => user.replaceAll(moment, ''))
    .replace(momentAlone, '');
  return digest(same, body.length - end.length);
}

// Quotes inside of texts are escaped, so what stands in plain ones is a field: what a prompt says is left alone.
const ownName = /"request_id"\s*:\s*(?:"[^"]*"|\d+)/;
const ownUser = /"user(?:_id)?"\s*:\s*"[^"]*"/;
const moment = /\d{4}-\d\d-\d\d[T ]?[\d:.Z]*|\d{10,}/g;
const momentAlone = /(?<=[^\\]":\s?)\d{10,16}(?=\s?[,}])/g;
