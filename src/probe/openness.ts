/** Whether a page is open to everybody: on another host than loopback, without a password. */
import { isLoopback } from '../core/loopback.ts';

interface Shown {
  readonly host: string;
  readonly bearer?: unknown;
  readonly basic?: unknown;
}

/** What is wrong with it, continuing a sentence that names `exporter.host`. */
export function openMistake({ host, bearer, basic }: Shown): string | undefined {
  if (isLoopback(host) || bearer !== undefined || basic !== undefined) return undefined;
  return `is ${host}: everybody there could read which services you use and how they are; set exporter.bearer or exporter.basic, or say --allow-open`;
}
