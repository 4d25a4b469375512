export { type Clock, createManualClock, type ManualClock } from '../core/clock.ts';
export { UsageError } from '../core/errors.ts';
export type { MockOptions } from './config.ts';
export { type CreateMockOptions, createMock } from './create-mock.ts';
export type { JournalEntry } from './journal.ts';
export type { Mock } from './mock.ts';
export { presets } from './timing.ts';
