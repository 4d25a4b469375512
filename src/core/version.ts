import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The package's version, for metrics and `--version`. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version }: { version: string } = JSON.parse(text);
  return version;
}

/** The commit that a checkout is at, in twelve hex digits; `release` for a package, whose version says as much. */
export function packageRevision(root: URL = new URL('../../', import.meta.url)): string {
  const own = folderOf(root);
  const head = own && textAt(new URL('HEAD', own));
  if (own === undefined || head === undefined) return 'release';
  const [, ref] = /^ref: (.+)$/.exec(head) ?? [];
  const commit = ref === undefined ? head : commitOf(ref, own);
  return commit !== undefined && /^[0-9a-f]{40,64}$/.test(commit) ? commit.slice(0, 12) : 'unknown';
}

/** Where git keeps what it knows; a worktree's is elsewhere. */
function folderOf(root: URL): URL | undefined {
  const file = textAt(new URL('.git', root));
  if (file === undefined) return textAt(new URL('.git/HEAD', root)) === undefined ? undefined : new URL('.git/', root);
  const [, path] = /^gitdir: (.+)$/.exec(file) ?? [];
  return path === undefined ? undefined : new URL(`${pathToFileURL(resolve(fileURLToPath(root), path))}/`);
}

/** A branch is a file of its own, or a line of the packed ones. */
function commitOf(ref: string, own: URL): string | undefined {
  const shared = new URL(`${textAt(new URL('commondir', own)) ?? '.'}/`, own);
  const packed = textAt(new URL('packed-refs', shared))
    ?.split('\n')
    .find(line => line.endsWith(` ${ref}`));
  return textAt(new URL(ref, shared)) ?? packed?.split(' ')[0];
}

function textAt(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    // No checkout, or not one that this program may read: it is a label, and nothing to fail for.
    return undefined;
  }
}
