/** Every business code as a scenario: the error at once, in the caller's language. The table is in core/wire/errors.ts. */
import { endings } from '../../core/outcome.ts';
import { type BusinessCode, businessCodes, type Language } from '../../core/wire/errors.ts';
import { chinaTime, completionId } from '../../core/wire/ids.ts';
import type { Call } from '../endpoints/endpoint.ts';
import { businessError, contentError, type Refusal } from '../render/error.ts';
import type { Scenario } from './scenario.ts';

/** Names that say what happened; a code without one is asked for by its number. */
const names: Readonly<Record<string, string>> = {
  '401': 'token-incorrect',
  '500': 'internal-error',
  '1000': 'auth-failed',
  '1001': 'auth-missing',
  '1002': 'token-illegal',
  '1003': 'token-expired',
  '1004': 'token-rejected',
  '1005': 'second-factor-needed',
  '1100': 'account-read-write',
  '1110': 'account-inactive',
  '1111': 'account-unknown',
  '1112': 'account-locked',
  '1113': 'account-overdue',
  '1120': 'account-unreachable',
  '1121': 'account-violation',
  '1200': 'api-call-error',
  '1210': 'bad-parameter',
  '1211': 'unknown-model',
  '1212': 'method-not-supported',
  '1213': 'parameter-missing',
  '1214': 'parameter-illegal',
  '1215': 'parameters-conflict',
  '1220': 'no-permission',
  '1221': 'api-offline',
  '1222': 'api-unknown',
  '1230': 'process-error',
  '1231': 'duplicate-request-id',
  '1233': 'unknown-task',
  '1234': 'server-network-error',
  '1261': 'prompt-too-long',
  '1300': 'policy-blocked',
  '1301': 'content-filtered',
  '1302': 'rate-limited',
  '1303': 'rate-too-high',
  '1304': 'daily-limit',
  '1305': 'overloaded',
  '1308': 'usage-limit',
  '1309': 'plan-expired',
  '1310': 'weekly-limit',
  '1311': 'model-not-in-plan',
  '1312': 'overloaded-try-another',
  '1313': 'fair-use',
  '1314': 'enterprise-plan-ended',
  '1315': 'wrong-key-type',
  '1316': 'five-hours-no-balance',
  '1317': 'seven-days-no-balance',
  '1318': 'five-hours-sub-account-limit',
  '1319': 'seven-days-sub-account-limit',
  '1320': 'five-hours-enterprise-limit',
  '1321': 'seven-days-enterprise-limit',
  '-1': 'internal-minus-one',
};

const advice = {
  never: 'Do not repeat the call; tell the caller what is wrong.',
  backoff: 'Repeat with exponential backoff and jitter; there is no Retry-After to follow.',
  after_reset: 'Stop until the time that the message names (UTC+8); repeating earlier cannot help.',
} as const;

const freshToken =
  'Get a new token and repeat the call once with it; check the clock and the lifetime when that is refused, too.';

const hours = 3_600_000;
/** The end of the year 9999, after which dates are written otherwise. */
const lastDay = Date.UTC(9999, 11, 31) - 1;

/** The error as the service would word it to this caller. */
export function codeError(
  code: string,
  { language, wallMs, random, entry }: Call,
  resetMs = 5 * hours,
  windowMs = 5 * hours,
): Refusal {
  if (code === '1301') return contentError(language, [{ level: 1, role: 'user' }]);
  const model = entry.model ?? 'glm-4.6';
  return businessError(code, language, {
    values: {
      field: 'messages',
      field1: 'temperature',
      field2: 'top_p',
      method: 'SYNC',
      api: '/v4/chat/completions',
      id: completionId(wallMs, random),
      request_id: 'request-1',
      error_id: completionId(wallMs, random),
      ...inWords(windowMs, language),
      next_flush_time: chinaTime(Math.min(wallMs + resetMs, lastDay)),
      model_name: model,
    },
  });
}

const units = [
  [24 * hours, '天', 'day'],
  [hours, '小时', 'hour'],
  [60_000, '分钟', 'minute'],
  [1000, '秒', 'second'],
] as const;

/** A window in the largest unit that it is a multiple of: `5` and `小时`. */
function inWords(ms: number, language: Language): { number: string; unit: string } {
  const [size, zh, en] = units.find(([unit]) => ms % unit === 0) ?? units[3];
  return { number: String(Math.ceil(ms / size)), unit: language === 'zh' ? zh : en };
}

const scenarioOf = ({ code, http, reason, mark, en }: BusinessCode): Scenario => ({
  name: names[code] ?? `code-${code}`,
  id: code,
  summary: `HTTP ${http} with business code ${code}: ${en}`,
  wire: `HTTP ${http}, {"error":{"code":"${code}","message":"…"}}${code === '1301' ? ' behind contentFilter' : ''}`,
  evidence: `glm-api.md §5.3${mark === 'R' ? ', recorded' : ''}`,
  mark,
  advice: reason === 'token_expired' ? freshToken : advice[endings[reason].retry],
  outcome: reason,
  instead: (_, call) => codeError(code, call),
});

export const codes: readonly Scenario[] = businessCodes.map(scenarioOf);
