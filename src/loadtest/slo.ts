/** What one request must keep to count as good: `ttft_content<800ms,tpot<50ms`. */
import { parseDuration } from '../core/duration.ts';
import { UsageError } from '../core/errors.ts';
import { type Measure, measureNames } from './measures.ts';

export interface Limit {
  readonly measure: Measure;
  readonly belowMs: number;
}

/** All of them must hold. */
export type Slo = readonly Limit[];

/** Measures that are one value per request. */
const perRequest = measureNames.filter(name => !['itl_ms', 'connect_ms', 'attempt_ms'].includes(name));

/** @throws {UsageError} `bad_slo` */
export function parseSlo(text: string): Slo {
  return text.split(',').map(part => limitOf(part.trim()));
}

function limitOf(part: string): Limit {
  const [, name = '', time = ''] = /^(\w+?)\s*<=?\s*(\S+)$/.exec(part) ?? [];
  const measure = measureOf(name);
  if (measure === undefined || !perRequest.includes(measure))
    throw new UsageError(
      'bad_slo',
      `"${part.slice(0, 60)}" is not a limit; write for example ttft_content<800ms,tpot<50ms with ${perRequest.map(short).join(', ')}`,
    );
  return { measure, belowMs: parseDuration(time) };
}

/** The measure of that name, with or without its unit. */
export const measureOf = (name: string): Measure | undefined =>
  measureNames.find(measure => measure === name || short(measure) === name);

export const short = (measure: Measure) => measure.replace(/_ms$/, '');

export const sloText = (slo: Slo) => slo.map(({ measure, belowMs }) => `${short(measure)}<${belowMs}ms`).join(',');

/** A measure that the request does not have (no tool was called) is not broken. */
export const meets = (slo: Slo, values: Readonly<Partial<Record<Measure, number | undefined>>>): boolean =>
  slo.every(({ measure, belowMs }) => {
    const value = values[measure];
    return value === undefined || value < belowMs;
  });
