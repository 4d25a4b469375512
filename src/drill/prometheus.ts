/** The part of Prometheus' HTTP API that a drill asks. */
import { UsageError } from '../core/errors.ts';
import { call, Lost } from './scene.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Asked {
  /** The present values of an expression. */
  query(expr: string): Promise<readonly Sample[]>;
  /** Labels of the alerts of ours that fire; whatever else that Prometheus watches is not looked at. */
  firing(): Promise<readonly Readonly<Record<string, string>>[]>;
  /** Names of the alerts that are loaded, whether they fire or not. */
  alerts(): Promise<ReadonlySet<string>>;
}

/** @param url without a path behind its prefix */
export function askPrometheus(url: string): Asked {
  const get = async <Data>(path: string) => {
    const response = await call('Prometheus', `${url.replace(/\/+$/, '')}/api/v1/${path}`);
    if (!response.ok) throw new Lost(`Prometheus at ${url} answers ${path} with HTTP ${response.status}`);
    return dataOf<Data>(await response.text(), `${url}: answers ${path} as no Prometheus does`);
  };
  return {
    query: async expr => {
      const { result } = await get<{ result: Raw[] }>(`query?query=${encodeURIComponent(expr)}`);
      return result.map(({ metric, value: [, text] }) => ({ labels: metric, value: Number(text) }));
    },
    firing: async () => {
      const { alerts } = await get<{ alerts: { state: string; labels: Record<string, string> }[] }>('alerts');
      return alerts.filter(({ state, labels }) => state === 'firing' && isOurs(labels)).map(({ labels }) => labels);
    },
    alerts: async () => {
      const { groups } = await get<{ groups: { rules: { name: string }[] }[] }>('rules?type=alert');
      return new Set(groups.flatMap(({ rules }) => rules.map(({ name }) => name)));
    },
  };
}

const isOurs = ({ alertname = '' }: Readonly<Record<string, string>>) => alertname.startsWith('Glm');

/** What every answer of Prometheus is wrapped in. @throws {Lost} with that sentence when this one is not */
function dataOf<Data>(text: string, otherwise: string): Data {
  try {
    const { status, data } = JSON.parse(text) as { status?: unknown; data?: Data };
    if (status === 'success' && data !== undefined) return data;
  } catch {
    // A page, perhaps; the same as JSON of another shape.
  }
  throw new Lost(otherwise);
}

interface Raw {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** Asks once, so that a wrong address is told before anything is played. @throws {UsageError} `no_answer` */
export async function reach(flag: string, url: string, path: string): Promise<void> {
  const { ok, status } = await call(flag, `${url.replace(/\/+$/, '')}${path}`).catch((error: unknown) => {
    throw error instanceof Lost ? new UsageError('no_answer', error.message) : error;
  });
  if (!ok) throw new UsageError('no_answer', `${flag} ${url}: answers ${path} with HTTP ${status}`);
}
