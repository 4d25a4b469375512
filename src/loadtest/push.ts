/** Hands the metrics of a finished run to a Prometheus Pushgateway: a run ends before it would be scraped. */
import { request } from 'undici';
import { textOf } from '../core/errors.ts';

export interface Push {
  /** Address of the gateway, such as `http://127.0.0.1:9091`. */
  readonly url: string;
  readonly scenario: string;
  readonly model: string;
}

const patienceMs = 10_000;

/** @returns undefined when the gateway took them, else a sentence for people */
export async function pushMetrics({ url, scenario, model }: Push, text: string): Promise<string | undefined> {
  // Labels that are part of the group may hold slashes, so they are sent in base64 (pushgateway README).
  const coded = (value: string) => Buffer.from(value).toString('base64url') || '=';
  const path = `/metrics/job/glm_load/scenario@base64/${coded(scenario)}/model@base64/${coded(model)}`;
  try {
    const { statusCode, body } = await request(`${url.replace(/\/+$/, '')}${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'text/plain; version=0.0.4' },
      body: text,
      headersTimeout: patienceMs,
      bodyTimeout: patienceMs,
    });
    const answer = await body.text();
    return statusCode < 300 ? undefined : `${url} answered ${statusCode}: ${answer.slice(0, 200).trim()}`;
  } catch (error) {
    return `${url} could not be reached: ${textOf(error)}`;
  }
}
