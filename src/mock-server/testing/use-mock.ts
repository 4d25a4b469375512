/** One mock for a test file, whatever the runner: started once, empty for each test, checked, closed. */
import { UsageError } from '../../core/errors.ts';
import { type CreateMockOptions, createMock, type TestMock } from '../create-mock.ts';
import { type Checks, createChecks, type Severity } from './checks.ts';
import { type EgressGuard, guardEgress } from './egress.ts';
import { type Held, replaceEnvironment } from './environment.ts';

/** Every option of `createMock`, and what a test is failed for. */
export interface UseMockOptions extends Omit<CreateMockOptions, 'unmatched'> {
  /**
   * A request that no fixture fits, once there are fixtures: `fail` answers it with 418 and fails the test, `warn`
   * answers it so and prints it, `ignore` answers with a generated reply. Default `fail`.
   */
  readonly unmatched?: Severity;
  /**
   * Fixtures that answered nothing: those that a test added after it, those of the settings at the end. Default `warn`,
   * because a set-up shared by tests, or a run of a few tests, leaves some unused without anything being wrong.
   */
  readonly unused?: Severity;
  /** Forget requests, fixtures and faults before each test. Turn it off for concurrent tests, and give each a `mock.key(name)`. Default true. */
  readonly reset?: boolean;
  /** Point the variables that clients read to the mock while the file runs, and further ones that are named. Default true. */
  readonly env?: boolean | Readonly<Record<string, Held>>;
  /** `block`: a connection to the vendor's hosts fails with its caller's stack, and fails the test. Default `block`. */
  readonly egress?: 'block' | 'allow';
}

/** What tests do with a mock; starting and closing is not theirs. */
export type UsedMock = Omit<TestMock, 'close'>;

/** What is asked of a test runner. */
export interface Runner {
  beforeAll(step: () => Promise<void>): void;
  beforeEach(step: () => void): void;
  afterEach(step: () => void): void;
  afterAll(step: () => Promise<void>): void;
  warn(sentence: string): void;
}

/**
 * Hangs one mock into the runner's hooks.
 * @param env where the variables are, `process.env` by default
 */
export function useMock(
  runner: Runner,
  {
    unmatched = 'fail',
    unused = 'warn',
    reset = true,
    env: named = true,
    egress = 'block',
    ...options
  }: UseMockOptions,
  env: NodeJS.ProcessEnv = process.env,
): UsedMock {
  let running: Running | undefined;

  runner.beforeAll(async () => {
    const mock = await createMock({ ...options, unmatched: unmatched === 'ignore' ? 'fallback' : 'error' });
    const guard = egress === 'block' ? guardEgress() : undefined;
    const restore = named === false ? () => {} : replaceEnvironment(mock, named === true ? {} : named, env);
    running = { mock, guard, restore, checks: createChecks(mock), told: 0 };
  });

  runner.beforeEach(() => {
    if (reset) running?.mock.reset();
  });

  runner.afterEach(() => {
    if (running === undefined) return;
    const { checks } = running;
    judge(runner, [...common(running), [unused, reset ? checks.unused() : undefined]]);
  });

  runner.afterAll(async () => {
    if (running === undefined) return;
    const last = running;
    running = undefined;
    await ended(last);
    judge(runner, [...common(last), [unused, last.checks.neverUsed()]]);
  });

  const common = (now: Running): Verdicts => [
    [unmatched, now.checks.unmatched()],
    ['fail', connections(now)],
  ];

  return whileRunning(() => running?.mock);
}

interface Running {
  readonly mock: TestMock;
  readonly guard: EgressGuard | undefined;
  readonly restore: () => void;
  readonly checks: Checks;
  /** How many refused connections were reported. */
  told: number;
}

type Verdicts = readonly (readonly [Severity, string | undefined])[];

/** Nothing is waited for: what is still being answered after the last test is of no use to anybody. */
async function ended({ mock, guard, restore }: Running): Promise<void> {
  restore();
  guard?.release();
  await mock.close({ graceMs: 0 });
}

/** Also what a client swallowed or tried again. */
function connections(now: Running): string | undefined {
  const fresh = now.guard?.violations().slice(now.told) ?? [];
  now.told += fresh.length;
  return fresh.length === 0 ? undefined : fresh.map(({ stack }) => stack).join('\n');
}

/** Prints what is to be printed; throws what fails, all of it at once. */
function judge(runner: Runner, verdicts: Verdicts): void {
  const of = (wanted: Severity) =>
    verdicts.flatMap(([severity, text]) => (severity === wanted && text !== undefined ? [`GLM mock: ${text}`] : []));
  for (const text of of('warn')) runner.warn(text);
  const failures = of('fail');
  if (failures.length > 0) throw new Error(failures.join('\n'));
}

/** The mock that runs at the moment of each use: there is none yet when the file is read. */
function whileRunning(current: () => TestMock | undefined): UsedMock {
  const get = (_: object, name: string | symbol) => {
    const mock = current();
    if (mock !== undefined) return Reflect.get(mock, name);
    // Runners and promises look at these before they know what they hold.
    if (typeof name === 'symbol' || ['then', 'toJSON', 'asymmetricMatch'].includes(name)) return undefined;
    throw new UsageError(
      'mock_not_running',
      `the mock of useGlmMock() has no ${name} yet: it runs from before the first test until after the last one. ` +
        'Use it inside of tests and hooks, and do not take it apart outside of them',
    );
  };
  return new Proxy({}, { get, has: (_, name) => name in (current() ?? {}) }) as UsedMock;
}
