/** Whether this side has a network at all, asked before a provider is blamed for it. */
import { request } from 'undici';
import type { Clock } from '../core/clock.ts';
import type { ProbeConfig } from './config.ts';
import type { SecretReaders } from './secret.ts';
import { wayOut } from './way-out.ts';

/** True when a URL answers anything at all. */
export type AskUrl = (url: string, timeoutMs: number) => Promise<boolean>;

export interface Connectivity {
  /** Asks the reference URLs; true when one answers, and when there are none to ask. Asked again soon, it answers as before. */
  look(): Promise<boolean>;
  /** What the last look saw; true before the first. */
  readonly up: boolean;
}

/** An answer is as good as new for so long. */
const freshMs = 5000;

export interface ConnectivityDoor {
  readonly clock: Clock;
  readonly ask?: AskUrl;
  /** A sentence for whoever runs this, at each turn. */
  readonly say?: (sentence: string) => void;
}

export function createConnectivity(
  reference: ProbeConfig['reference'],
  { clock, ask = createAskUrl({}), say = () => {} }: ConnectivityDoor,
): Connectivity {
  let up = true;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<boolean> | undefined;

  const askAll = async (urls: readonly string[], timeoutMs: number) => {
    const answers = await Promise.all(urls.map(url => ask(url, timeoutMs)));
    const now = answers.some(Boolean);
    if (now !== up) say(now ? 'a reference URL answers again' : noReference);
    up = now;
    askedAtMs = clock.now();
    asking = undefined;
    return up;
  };
  const look = async () => {
    if (reference === undefined) return true;
    if (clock.now() - askedAtMs < freshMs) return up;
    asking ??= askAll(reference.urls, reference.timeout);
    return asking;
  };
  return {
    look,
    get up() {
      return up;
    },
  };
}

const noReference = 'no reference URL answers: failures of the network are not told as the service’s';

/** Which references answer, by host: the rest of a URL may hold a secret. */
export async function askReferences(
  { urls, timeout }: NonNullable<ProbeConfig['reference']>,
  ask: AskUrl,
): Promise<readonly { readonly host: string; readonly answers: boolean }[]> {
  return Promise.all(urls.map(async url => ({ host: new URL(url).host, answers: await ask(url, timeout) })));
}

/** @param env names the proxy: where it is the only way out, a question beside it would find no network */
export const createAskUrl =
  (env: SecretReaders['env']): AskUrl =>
  async (url, timeoutMs) => {
    try {
      await wayOut(url, env, { timeoutMs }, async way => {
        const { body } = await request(url, { method: 'HEAD', ...way });
        await body.dump();
      });
      return true;
    } catch {
      // Whatever went wrong, nothing answered.
      return false;
    }
  };
