/** Errors as the service words them; glm-api.md §5.1. Pure: a status and a body. */
import { businessCode, type Language, messageOf } from '../../core/wire/errors.ts';

/** An answer that is not a completion. `type` is the content type's spelling on errors (§5.2). */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly type: string;
  readonly body: string;
  /** Besides what the host sends. */
  readonly headers?: readonly string[];
}

const json = 'application/json; charset=UTF-8';

/** E1, the shape of every business error. `message` replaces the table's text. */
export function businessError(
  code: string,
  language: Language,
  options: { message?: string; values?: Record<string, string> } = {},
): Refusal {
  const message = options.message ?? messageOf(code, language, options.values);
  return {
    status: businessCode(code)?.http ?? 500,
    code,
    type: json,
    body: errorBody(code, message),
  };
}

const errorBody = (code: string, message: string) => JSON.stringify({ error: { code, message } });

/** E2: refused by content review. `level` 0 is the worst; `role` says whose text it was. */
export function contentError(language: Language, filter: readonly { level: number; role: string }[]): Refusal {
  const error = { code: '1301', message: messageOf('1301', language) };
  return { status: 400, code: '1301', type: json, body: JSON.stringify({ contentFilter: filter, error }) };
}

/** E8, Spring's own error body, for unknown paths and wrong methods. The gateway strips `/api/paas` first. */
export function springError(status: 404 | 405, wallMs: number, path: string): Refusal {
  const timestamp = new Date(wallMs).toISOString().replace('Z', '+00:00');
  const error = status === 404 ? 'Not Found' : 'Method Not Allowed';
  return { status, code: 'none', type: 'application/json', body: JSON.stringify({ timestamp, status, error, path }) };
}

/** E11, a page of the gateway in front of the service. */
export function gatewayPage(status: number, reason: string): Refusal {
  const title = `${status} ${reason}`;
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
  return { status, code: 'none', type: 'text/html', body };
}

/** The mock's own refusals: a status that no client repeats and the service never sends. */
export const mockError = (code: string, message: string): Refusal => ({
  status: 418,
  code,
  type: json,
  body: errorBody(code, message),
  headers: ['x-should-retry', 'false'],
});
