/** A first file, written with its reasons beside it. */
import { parseDuration } from '../core/duration.ts';
import { checks } from './checks/index.ts';
import type { CheckKind } from './config.ts';
import { standard, standardTokens } from './settings.ts';

export const regions = {
  cn: 'https://open.bigmodel.cn/api/paas/v4',
  intl: 'https://api.z.ai/api/paas/v4',
  'coding-cn': 'https://open.bigmodel.cn/api/coding/paas/v4',
  'coding-intl': 'https://api.z.ai/api/coding/paas/v4',
} as const;

export type Region = keyof typeof regions;

export const isRegion = (text: string): text is Region => Object.hasOwn(regions, text);

export interface InitAnswers {
  /** Label of the target. */
  readonly target: string;
  readonly url: string;
  readonly model: string;
  /** Name of the environment variable that holds the key. */
  readonly keyEnv: string;
  readonly interval: string;
  readonly checks: readonly CheckKind[];
}

/** The YAML of a file that `validate` finds nothing wrong with. */
export function initialFile(answers: InitAnswers): string {
  const { target, url, keyEnv, interval, checks: kinds } = answers;
  // Anything but a usual name might mean something else to YAML.
  const model = /^glm-[\w.-]+$/i.test(answers.model) ? answers.model : JSON.stringify(answers.model);
  return `# yaml-language-server: $schema=./probe.schema.json
# What to check, how often, and what is good. Doubt it offline: glm-testkit probe validate
# The schema for your editor: glm-testkit probe schema > probe.schema.json

# Secrets never stand here: env, file or command says where one is.
credentials:
  main:
    key: { env: ${keyEnv} }
    # jwt: every call gets a token of its own, signed with the key.
    mode: key
    # One call at a time: a probe must not cause a rate limit itself.
    calls_at_once: 1
    # A hard stop: what is over it is skipped and counted.
    budget: { tokens_per_day: ${budgetOf(answers)} }

targets:
  ${target}:
    url: ${url}
    credential: main

# Said once for all checks; a target or a check may say otherwise.
defaults:
  model: ${model}
  interval: ${interval}
  # The largest random delay of a start, so that many probes do not call at once.
  jitter: 10%
  # Named deadlines: the one that fires is in the verdict.
  deadlines: { connect: 5s, total: 60s }
  # Thinking costs tokens; a canary seldom needs it.
  thinking: "off"
  # Failing these makes a run bad; failing those of warn makes it degraded.
  expect: { usage: required }
  warn: { model: same, certificate: 14d }
  # The failure counts at once; a page waits for these.
  confirm: { runs: 2, delay: 5s }

checks:
${kinds.map(kind => `  - kind: ${kind}\n${about[kind] ?? ''}`).join('')}
# Times at which failures do not count:
# maintenance:
#   - { targets: [${target}], timezone: Asia/Shanghai, weekdays: [sun], start: "03:30", duration: 1h }

# While none of these answers anything, our own network is taken to be down and the state is unknown:
# reference: { urls: ["https://www.example.com"] }

# Per million tokens; with a price, validate says what a day costs:
# prices:
#   ${model}: { input: 0, output: 0, currency: CNY }

# A failing run leaves what it saw, for glm-testkit probe explain and glm-testkit mock replay:
cassettes: { dir: cassettes, keep: 200 }
`;
}

/** What else is worth saying for a kind. */
const about: Readonly<Partial<Record<CheckKind, string>>> = {
  chat_stream: `    # The longest silence between two tokens that is still good.
    expect: { max_gap: 3s }
    slo:
      availability: 99%
      ttfot: { objective: 95%, threshold: 3s }
`,
};

const dayMs = 86_400_000;

/** A day on which every run fails, is confirmed twice and writes to its limit, and a tenth more. */
function budgetOf({ checks: kinds, interval, model }: InitAnswers): number {
  const perRun = kinds.map(kind => {
    const { answers, promptTokens } = checks[kind].cost;
    return 3 * answers({ mostCalls: standard.mostCalls }) * (promptTokens + standardTokens(model, 'off'));
  });
  const tokens = (perRun.reduce((sum, one) => sum + one, 0) * dayMs) / parseDuration(interval);
  return Math.ceil((1.1 * tokens) / 10_000) * 10_000 || 10_000;
}
