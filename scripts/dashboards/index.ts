/** All dashboards, in the order in which a person opens them. */
import type { Board } from './board.ts';
import { latency } from './latency.ts';
import { loadTest } from './load-test.ts';
import { mock } from './mock.ts';
import { overview } from './overview.ts';
import { prober } from './prober.ts';

export const boards: readonly Board[] = [overview, latency, loadTest, mock, prober];
