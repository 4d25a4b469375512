/** What a doubt is: something that a file of the right shape may still say wrongly. Offline: nothing is sent or run. */
import { Cron } from 'croner';
import { textOf } from '../../core/errors.ts';
import type { ProbeConfig } from '../config.ts';
import type { Report } from '../defect.ts';
import type { Estimate } from '../estimate.ts';
import type { Path } from '../located.ts';
import type { Outline } from '../outline.ts';

/** What there is to doubt. */
export interface Doubted {
  readonly config: ProbeConfig;
  /** Those whose target exists. */
  readonly outlines: readonly Outline[];
  /** Of outlines whose schedule can be read. */
  readonly estimates: readonly Estimate[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The present, ms since 1970: cron and daylight saving depend on it. */
  readonly nowMs: number;
  readonly fileExists: (path: string) => boolean;
  /** Bytes of a plain file; undefined for everything else. */
  readonly sizeAt?: (path: string) => number | undefined;
  /** The text of a file that exists; asked for certificates and the key beside them, and for no other secret. */
  readonly textAt: (path: string) => string;
  /** Another host than loopback without a password is no mistake. Default true: only `serve` opens it, and refuses itself. */
  readonly allowOpen?: boolean;
  /** Nobody will be called, so no secret and no certificate is needed. Default: false. */
  readonly sealed?: boolean | undefined;
}

export type Doubt = (doubted: Doubted, report: Report) => void;

/** Everywhere that the settings of checks may stand. */
export const settingsPlaces = (config: ProbeConfig) => [
  { path: ['defaults'] as Path, settings: config.defaults },
  ...Object.entries(config.targets).map(([name, { defaults }]) => ({
    path: ['targets', name, 'defaults'] as Path,
    settings: defaults,
  })),
  ...config.checks.map((check, index) => ({ path: ['checks', index] as Path, settings: check })),
];

/** Where a setting of an outline was said: by the check, its target, the defaults, or nobody. */
export function saidAt(config: ProbeConfig, { index, target }: Outline, key: keyof Outline['settings']): Path {
  if (config.checks[index]?.[key] !== undefined) return ['checks', index, key];
  if (config.targets[target]?.defaults[key] !== undefined) return ['targets', target, 'defaults', key];
  return config.defaults[key] !== undefined ? ['defaults', key] : ['checks', index];
}

/** What is wrong with a cron pattern, continuing a sentence that names its key. */
export function cronMistake(pattern: string | undefined, timezone: string | undefined): string | undefined {
  if (pattern === undefined) return undefined;
  try {
    const next = new Cron(pattern, { paused: true, ...(timezone && { timezone }) }).nextRun();
    return next === null ? 'never fires' : undefined;
  } catch (error) {
    return `is not a cron pattern (${textOf(error).replace(/^CronPattern: /, '')})`;
  }
}

/** Whether an outline can be scheduled at all. */
export const hasSchedule = ({ settings }: Outline) => cronMistake(settings.cron, settings.timezone) === undefined;
