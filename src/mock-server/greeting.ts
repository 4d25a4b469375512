/** What the command says when the mock listens. */
import { packageVersion } from '../core/version.ts';
import type { MockConfig } from './config.ts';
import type { Mock } from './mock.ts';

/** What a person needs to make the first call. A key the user named may be a real one, so it is not repeated. */
export function greeting(
  mock: Mock,
  config: MockConfig,
  testKey: string | undefined,
  trust: string | undefined,
): string {
  const { profile, era, seed, workers } = config;
  const bearer = testKey === undefined ? '"Authorization: Bearer $GLM_API_KEY"' : `'Authorization: Bearer ${testKey}'`;
  const body = '{"model":"glm-4.6","messages":[{"role":"user","content":"你好"}]}';
  return `glm-testkit mock ${packageVersion()} · profile ${profile} · era ${era} · seed ${seed}${workers > 1 ? ` · ${workers} workers` : ''}
  base URL  ${mock.baseUrl}
  coding    ${mock.url}/api/coding/paas/v4
  ${testKey === undefined ? 'your key  as given, not shown; the line below takes it from GLM_API_KEY' : `test key  ${testKey}`}${config.anyKey ? '  (any other key works too)' : ''}
  metrics   ${mock.url}/metrics
${trust === undefined ? '' : `  trust     NODE_EXTRA_CA_CERTS=${trust} · SSL_CERT_FILE=${trust} · REQUESTS_CA_BUNDLE=${trust}\n`}
  curl ${trust === undefined ? '' : `--cacert ${trust} `}${mock.baseUrl}/chat/completions -H ${bearer} -H 'Content-Type: application/json' -d '${body}'

`;
}
