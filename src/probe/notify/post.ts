/** The one place from which a notification leaves. */
import type { SecretReaders } from '../secret.ts';
import { postOut } from '../way-out.ts';
import type { SendPost } from './notifier.ts';

/**
 * @param env names the proxy
 * @returns rejects with the status or the service's own complaint; the URL is a secret and is never repeated
 */
export const createSendPost =
  (env: SecretReaders['env']): SendPost =>
  async ({ url, body }, timeoutMs, stop) => {
    const complaint = complaintIn(await postOut({ url, headers, body }, env, { timeoutMs, stop }));
    if (complaint !== undefined) throw new Error(complaint);
  };

const headers = { 'content-type': 'application/json; charset=utf-8' };

/** Feishu, DingTalk and WeCom answer 200 to what they refuse, with a code that is not 0. */
function complaintIn(text: string): string | undefined {
  try {
    const { errcode, code, StatusCode } = JSON.parse(text) ?? {};
    const refused = [errcode, code, StatusCode].find(value => typeof value === 'number' && value !== 0);
    return refused === undefined ? undefined : `refused with code ${refused}`;
  } catch {
    // Not JSON: a webhook may answer what it likes.
    return undefined;
  }
}
