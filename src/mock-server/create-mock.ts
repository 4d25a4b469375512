/** What a test calls. */
import type { Clock } from '../core/clock.ts';
import { checked } from '../core/config.ts';
import { UsageError } from '../core/errors.ts';
import { type MockOptions, mockConfig } from './config.ts';
import { type Desk, deskOf } from './desk.ts';
import { withTestKey } from './keys.ts';
import { type Mock, type MockDoor, startMock } from './mock.ts';
import { certificateFor } from './tls.ts';

/** Settings of a mock in this process. `port` is 0 unless given: any free one, so that tests can run side by side. */
export interface CreateMockOptions extends Omit<MockOptions, 'workers'> {
  /** Time; with a manual clock a slow stream takes no time. */
  readonly clock?: Clock;
}

/** A mock in this process, with everything at hand. */
export type TestMock = Mock & Desk;

/**
 * Starts a mock in this process on a free port of the loopback interface.
 * @example const mock = await createMock({ timing: 'ttft=50ms,itl=5ms' });
 *          new OpenAI({ baseURL: mock.baseUrl, apiKey: mock.apiKey });
 * @throws {UsageError} when an option is wrong or the port is taken
 */
export const createMock = ({ clock, ...options }: CreateMockOptions = {}): Promise<TestMock> =>
  openMock(options, clock === undefined ? {} : { clock });

/** The same for what this package does with a mock of its own. */
export async function openMock(
  options: Omit<CreateMockOptions, 'clock'>,
  door: Pick<MockDoor, 'clock' | 'admits'>,
): Promise<TestMock> {
  if ('workers' in options)
    throw new UsageError('no_workers', 'createMock runs in this process: workers belong to glm-testkit mock --workers');
  const { config } = withTestKey(checked(mockConfig, { port: 0, ...options }, 'createMock options'));
  const certificate = await certificateFor(config);
  const { mock, engine } = await startMock(config, { ...door, ...(certificate && { certificate }) });
  return { ...mock, ...deskOf(engine, mock.baseUrl) };
}
