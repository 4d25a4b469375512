import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { packageRevision } from '../../src/core/version.ts';

let folder = '';
afterEach(() => rmSync(folder, { recursive: true }));

const commit = '0123456789abcdef0123456789abcdef01234567';
const other = 'f'.repeat(40);

function revisionWith(files: Readonly<Record<string, string>>): string {
  folder = mkdtempSync(join(tmpdir(), 'revision-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return packageRevision(new URL(`${pathToFileURL(join(folder, 'here'))}/`));
}

const head = 'ref: refs/heads/main\n';

test.each<[string, Record<string, string>, string]>([
  ['a package', { 'here/package.json': '{}' }, 'release'],
  ['a branch', { 'here/.git/HEAD': head, 'here/.git/refs/heads/main': `${commit}\n` }, commit.slice(0, 12)],
  [
    'a packed branch',
    {
      'here/.git/HEAD': head,
      'here/.git/packed-refs': `# pack-refs\n${other} refs/heads/x/refs/heads/main2\n${commit} refs/heads/main\n`,
    },
    commit.slice(0, 12),
  ],
  ['no branch', { 'here/.git/HEAD': `${commit}\n` }, commit.slice(0, 12)],
  [
    'a worktree',
    {
      'here/.git': 'gitdir: ../main/.git/worktrees/here\n',
      'main/.git/worktrees/here/HEAD': head,
      'main/.git/worktrees/here/commondir': '../..\n',
      'main/.git/refs/heads/main': `${commit}\n`,
    },
    commit.slice(0, 12),
  ],
  ['a branch without a commit', { 'here/.git/HEAD': head }, 'unknown'],
  ['a file that holds anything', { 'here/.git/HEAD': 'x"} 1\nevil{' }, 'unknown'],
])('the revision of %s', (_, files, revision) => {
  expect(revisionWith(files)).toBe(revision);
});

test('the revision of a checkout that git made is what git says', () => {
  folder = mkdtempSync(join(tmpdir(), 'revision-'));
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();
  git('init', '-q');
  git('-c', 'user.name=x', '-c', 'user.email=x@localhost', 'commit', '-q', '--allow-empty', '-m', 'first');
  expect(packageRevision(pathToFileURL(`${folder}/`))).toBe(git('rev-parse', 'HEAD').slice(0, 12));
});
