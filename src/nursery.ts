/**
 * How the mock's memory is collected (`bench/mock.ts`). It can only be said when a process starts.
 *
 * - Left alone, V8 lets 48 MB pile up between two collections, and then the event loop stands still for 7 to 25 ms: every
 *   stream is late. With 4 MB it is 1 ms, and what is in use fits into the processor's cache.
 * - Full collections, 80 ms of another thread's work, come when the heap has grown to four times what was in use.
 * - V8 may guess that a kind of object lives long and make it in the old space; a request's are dead by then, and all that
 *   they name stays until a full collection.
 */
const flags = ['--max-semi-space-size=4', '--heap-growing-percent=300', '--no-allocation-site-pretenuring'];

interface Self extends Pick<NodeJS.Process, 'argv' | 'execArgv' | 'env' | 'execPath' | 'platform'> {
  /** To a parent that forked it. */
  readonly channel?: object | undefined;
  /** Of Node 22.15; on Windows it only throws. */
  readonly execve?: NodeJS.Process['execve'];
}

/** What to run instead of this process; undefined when it is as it should be, or cannot be replaced (Windows, a parent that listens). */
export function argumentsFor(self: Self): string[] | undefined {
  const { argv, execArgv, env, execPath } = self;
  const [, file = '', verb, next = ''] = argv;
  const serves = verb === 'mock' && (next === '' || next.startsWith('-'));
  const given = [...execArgv, env.NODE_OPTIONS ?? ''].join(' ').replaceAll('_', '-');
  if (!serves || given.includes('--max-semi-space-size') || !canStartAgain(self)) return undefined;
  return [execPath, ...execArgv, ...flags, file, ...argv.slice(2)];
}

const canStartAgain = ({ channel, execve, platform }: Self) =>
  typeof execve === 'function' && platform !== 'win32' && channel === undefined;
