/** Hands the metrics of a finished run to a Prometheus Pushgateway: a run ends before it would be scraped. */
import { request } from 'undici';
import { textOf } from '../core/errors.ts';

export interface Push {
  /** Address of the gateway, such as `http://127.0.0.1:9091`; a user and password in it are sent and never shown. */
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
  const { address, authorization } = partsOf(url);
  try {
    const { statusCode, body } = await request(`${address.replace(/\/+$/, '')}${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'text/plain; version=0.0.4', ...(authorization && { authorization }) },
      body: text,
      headersTimeout: patienceMs,
      bodyTimeout: patienceMs,
    });
    const answer = await body.text();
    return statusCode < 300 ? undefined : `${address} answered ${statusCode}: ${answer.slice(0, 200).trim()}`;
  } catch (error) {
    return `${address} could not be reached: ${textOf(error)}`;
  }
}

function partsOf(text: string): { address: string; authorization: string | undefined } {
  const url = new URL(text);
  const { username, password } = url;
  if (username === '' && password === '') return { address: text, authorization: undefined };
  url.username = '';
  url.password = '';
  const said = `${decoded(username)}:${decoded(password)}`;
  return { address: url.href, authorization: `Basic ${Buffer.from(said).toString('base64')}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that stands for itself.
    return text;
  }
}
