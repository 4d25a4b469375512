/** The text of a file, and of one that never ends (`/dev/zero`, a pipe) no more than memory should hold. */
import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { UsageError } from './errors.ts';

const mostMb = 256;
const partBytes = 2 ** 20;

/**
 * @param name what to call it in messages
 * @throws {UsageError} `file_too_large` above 256 MB; what the file system says of a path that cannot be read
 */
export function boundedText(path: string, name = path): string {
  const file = openSync(path, 'r');
  try {
    return textIn(file, name);
  } finally {
    closeSync(file);
  }
}

function textIn(file: number, name: string): string {
  const part = Buffer.allocUnsafe(partBytes);
  const decoder = new StringDecoder('utf8');
  const texts: string[] = [];
  let bytes = 0;
  for (let read = readSync(file, part); read > 0; read = readSync(file, part)) {
    bytes += read;
    if (bytes > mostMb * 1e6)
      throw new UsageError(
        'file_too_large',
        `${name}: is larger than ${mostMb} MB, or never ends; give a file of at most ${mostMb} MB in its place`,
      );
    texts.push(decoder.write(part.subarray(0, read)));
  }
  return texts.join('') + decoder.end();
}
