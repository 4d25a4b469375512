/** What a probe is told: which endpoint, which checks, how long to wait. Defaults live here and nowhere else. */
import { z } from 'zod';
import { baseUrl } from '../core/base-url.ts';
import { checked, readKey, readText, whole } from '../core/config.ts';
import { duration } from '../core/duration.ts';
import { type CheckName, checkNames } from './checks/index.ts';

const wait = (standard: string) => duration.default(() => duration.parse(standard));

export const probeSchema = z.strictObject({
  url: baseUrl,
  model: z.string().min(1),
  check: z
    .array(z.enum(checkNames, { error: `knows only ${checkNames.join(', ')}` }))
    .min(1)
    .default([...checkNames]),
  prompt: z.string().min(1).default('Reply with the single word: pong'),
  /** Left out: 64, or 2048 where the model thinks whatever it is asked, so that an answer becomes visible. */
  max_tokens: whole(1, 131_072).optional(),
  /** For a whole call. */
  timeout: wait('60s'),
  /** Longest silence between two tokens. */
  max_gap: wait('15s'),
  /** PEM file of a certificate authority to trust besides the built-in ones. */
  ca: z.string().optional(),
  api_key_file: z.string().optional(),
  json: z.boolean().default(false),
  /** Where to write the metrics for the node exporter's textfile collector. */
  prom: z.string().optional(),
});

export type ProbeConfig = z.infer<typeof probeSchema>;

/** What the checks need: the config with its secrets and files read. */
export interface Target {
  /** The label of metrics and reports: the host, never a URL. */
  readonly name: string;
  readonly baseUrl: string;
  readonly key: string;
  readonly ca: string | undefined;
  readonly model: string;
  readonly prompt: string;
  readonly maxTokens: number | undefined;
  readonly timeoutMs: number;
  readonly maxGapMs: number;
  readonly checks: readonly CheckName[];
}

/** @throws {UsageError} with every mistake at once, or without a key */
export function readProbeConfig(
  flags: unknown,
  env: Readonly<Record<string, string | undefined>>,
): { config: ProbeConfig; target: Target } {
  const config = checked(probeSchema, flags, 'options');
  const target = {
    name: new URL(config.url).host,
    baseUrl: config.url,
    key: readKey(env, config.api_key_file),
    ca: config.ca === undefined ? undefined : readText(config.ca),
    model: config.model,
    prompt: config.prompt,
    maxTokens: config.max_tokens,
    timeoutMs: config.timeout,
    maxGapMs: config.max_gap,
    checks: [...new Set(config.check)],
  };
  return { config, target };
}
