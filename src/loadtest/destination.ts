/** Where load may go. */
import { UsageError } from '../core/errors.ts';
import { isLoopback } from '../core/loopback.ts';
import type { LoadConfig } from './settings.ts';

/** A load test of a paid API is a bill: anything but this machine needs a yes and a limit of what may be spent. */
export function refuseStrangers(config: LoadConfig): void {
  const host = new URL(config.url).hostname;
  const limited = config.max_tokens_total !== undefined || config.max_cost !== undefined;
  const missing = [
    ...(config.yes_load_this_endpoint ? [] : ['--yes-load-this-endpoint']),
    ...(limited ? [] : ['a budget: --max-tokens-total N or --max-cost AMOUNT with --price']),
  ];
  if (isLoopback(host) || missing.length === 0) return;
  throw new UsageError(
    'not_loopback',
    `--url: ${host} is not this machine, and its owner may charge for every token; to load it anyway pass ${missing.join(' and ')}`,
  );
}
