/** How far apart the values of a query may lie. The probe is slow on purpose: its windows have to hold several runs. */
import { formatDuration } from '../../src/core/duration.ts';
import { standard } from '../../src/probe/settings.ts';

/** Of everything that the probe measures; `probe dashboards` writes the interval of your own file instead. */
export const probeStep = formatDuration(standard.intervalMs);
