/** What `validate` finds, offline, and where. */
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createRandom, int, pick } from '../../src/core/random.ts';
import { checkKinds } from '../../src/probe/config.ts';
import { estimateOf, runsPerDay, seriesPerCheck, shortestGapMs } from '../../src/probe/estimate.ts';
import { initialFile } from '../../src/probe/init.ts';
import { outlinesOf } from '../../src/probe/outline.ts';
import { validationReport } from '../../src/probe/report/validation.ts';
import { suggestion } from '../../src/probe/suggest.ts';
import { fileSchema, lineOf, validate } from '../../src/probe/validate.ts';
import { localOf, momentsOf } from '../../src/probe/zone.ts';
import { fileOf } from '../support/probe.ts';

const options = {
  env: { GLM_API_KEY: 'a.b' },
  nowMs: Date.UTC(2026, 10, 28),
  fileExists: () => false,
  textAt: () => '',
};

const good = `credentials:
  main:
    key: { env: GLM_API_KEY }
targets:
  bigmodel:
    url: https://open.bigmodel.cn/api/paas/v4
defaults:
  model: glm-4.6
checks:
  - kind: chat_stream
`;

const told = (text: string) =>
  validate(text, options).defects.map(
    defect => `${lineOf('f', defect)}${defect.severity === 'warning' ? ' (warning)' : ''}`,
  );

/** The good file with one line replaced, or with lines at its end. */
const having = (...edits: readonly (readonly [string, string] | string)[]) =>
  edits.reduce<string>((text, edit) => (typeof edit === 'string' ? `${text}${edit}\n` : text.replace(...edit)), good);

test('a good file has no defects', () => {
  expect(validate(good, options)).toMatchObject({ defects: [], estimates: [{ id: 'bigmodel/chat_stream/glm-4.6' }] });
});

test.each<[string, string, string[]]>([
  [
    '1: an unknown key, with what was meant',
    having(['model: glm', 'modell: glm-5\n  model: glm']),
    ['f:8:3: defaults.modell: unknown key; did you mean model?'],
  ],
  [
    'an unknown key inside a check',
    having('    intervall: 5m'),
    ['f:11:5: checks[0].intervall: unknown key; did you mean interval?'],
  ],
  [
    'something else altogether, with all that may stand there',
    having(['paas/v4', 'paas/v4\n    proxy: 5'], '    model: 7', '    expect: { content: taks }'),
    [
      'f:7:12: targets.bigmodel.proxy: must be none, { url: http://HOST:PORT } or, where it holds a password, { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT] }',
      'f:12:12: checks[0].model: must be a name or a list of names',
      'f:13:24: checks[0].expect.content: must be task, any, { text: WORDS }, { regex: PATTERN } or { json: [KEYS] }; did you mean task?',
    ],
  ],
  ['an unknown key like no other', having('    zzz: 1'), ['f:11:5: checks[0].zzz: unknown key']],
  [
    'a wrong word, with what was meant',
    having(['chat_stream', 'chat_streem']),
    [`f:10:11: checks[0].kind: must be one of ${checkKinds.join(', ')}; did you mean chat_stream?`],
  ],
  [
    '2: a secret in place of its source',
    having(['{ env: GLM_API_KEY }', '0123456789abcdef0123456789abcdef.Canary5ecret4242']),
    [
      'f:3:10: credentials.main.key: a secret may not stand in this file; write { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT] }',
    ],
  ],
  [
    'a secret anywhere else',
    having('    prompt: "say 0123456789abcdef0123456789abcdef.Canary5ecret4242"'),
    ['f:11:13: checks[0].prompt: looks like a secret; take it from { env: NAME }, { file: PATH } or { command: […] }'],
  ],
  [
    'a secret of another vendor’s shape',
    having('    prompt: sk-abcdefghijklmnop1234'),
    ['f:11:13: checks[0].prompt: looks like a secret; take it from { env: NAME }, { file: PATH } or { command: […] }'],
  ],
  ...(['env', 'file'] as const).map((way): [string, string, string[]] => [
    `a secret where the name of its ${way} belongs, which is not repeated`,
    having(['{ env: GLM_API_KEY }', `{ ${way}: 0123456789abcdef0123456789abcdef.Canary5ecret4242 }`]),
    [
      `f:3:${way === 'env' ? 17 : 18}: credentials.main.key.${way}: looks like a secret; take it from { env: NAME }, { file: PATH } or { command: […] }`,
    ],
  ]),
  [
    '3: a variable that is not set',
    having(['GLM_API_KEY', 'NO_SUCH_KEY']),
    ['f:3:17: credentials.main.key.env: the environment variable NO_SUCH_KEY is not set'],
  ],
  [
    'a file that is not there',
    having(['env: GLM_API_KEY', 'file: /run/secrets/glm']),
    ['f:3:18: credentials.main.key.file: /run/secrets/glm: no such file, or it cannot be read'],
  ],
  [
    '4: an interval shorter than a run may take',
    having('    interval: 30s'),
    [
      'f:11:15: checks[0].interval: runs every 30s, but one run may take 1m; lengthen the interval or shorten deadlines.total',
    ],
  ],
  [
    'the same of a cron pattern, said in the defaults',
    having(['model: glm', 'cron: "*/30 * * * * *"\n  model: glm']),
    ['f:8:9: defaults.cron: runs every 30s, but one run may take 1m; lengthen the interval or shorten deadlines.total'],
  ],
  [
    '5: too few tokens for an answer',
    having('    max_tokens: 1'),
    ['f:11:17: checks[0].max_tokens: 1 leaves glm-4.6 no room for a visible answer; at least 32 with thinking off'],
  ],
  [
    'too few tokens for a model that always thinks',
    having(['glm-4.6', 'glm-5.3'], '    max_tokens: 64'),
    ['f:11:17: checks[0].max_tokens: 64 leaves glm-5.3 no room for a visible answer; at least 1024 with thinking off'],
  ],
  [
    '6: a threshold that is not a bucket',
    having('    slo: { ttfot: { objective: 95%, threshold: 3s } }', 'exporter: { buckets: [1s, 5s] }'),
    [
      'f:11:48: checks[0].slo.ttfot.threshold: 3s is not among exporter.buckets, so no histogram can tell; add it, or leave buckets out',
    ],
  ],
  [
    '7: an objective finer than the samples',
    having('    interval: 1h', '    slo: { availability: 99.9% }'),
    [
      'f:12:26: checks[0].slo.availability: bigmodel/chat_stream/glm-4.6 has 720 runs in 30 days, so one failure breaks 99.9%; at most 99.8611% can be told',
    ],
  ],
  [
    '8: more spent than the budget allows',
    having(['key: {', 'budget: { tokens_per_day: 10000 }\n    key: {']),
    [
      'f:3:31: credentials.main.budget.tokens_per_day: expected 14976 tokens a day, worst case 89856, the budget is 10000: checks would be skipped every day',
    ],
  ],
  [
    'a budget that is less than one run may need',
    having(['key: {', 'budget: { tokens_per_day: 300 }\n    key: {'], '    interval: 24h', '    enabled: true'),
    [
      'f:3:31: credentials.main.budget.tokens_per_day: expected 52 tokens a day, worst case 312, the budget is 300: on a bad day checks are skipped (warning)',
      'f:3:31: credentials.main.budget.tokens_per_day: one run of bigmodel/chat_stream/glm-4.6 may need 432 tokens, repetitions included, and this budget never leaves it so much: it would not run at all',
    ],
  ],
  [
    'a budget of which no share is as much as one run may need',
    having(
      ['key: {', 'budget: { tokens_per_day: 500 }\n    key: {'],
      '    interval: 24h',
      '  - kind: chat',
      '    interval: 24h',
    ),
    [
      'f:3:31: credentials.main.budget.tokens_per_day: expected 104 tokens a day, worst case 624, the budget is 500: on a bad day checks are skipped (warning)',
      'f:3:31: credentials.main.budget.tokens_per_day: one run of bigmodel/chat_stream/glm-4.6 may need 432 tokens, repetitions included, and this budget never leaves it so much: it would not run at all',
      'f:3:31: credentials.main.budget.tokens_per_day: one run of bigmodel/chat/glm-4.6 may need 432 tokens, repetitions included, and this budget never leaves it so much: it would not run at all',
    ],
  ],
  [
    'more spent on a bad day',
    having(['key: {', 'budget: { tokens_per_day: 20000 }\n    key: {']),
    [
      'f:3:31: credentials.main.budget.tokens_per_day: expected 14976 tokens a day, worst case 89856, the budget is 20000: on a bad day checks are skipped (warning)',
    ],
  ],
  [
    'a budget of money for a model without a price',
    having(['key: {', 'budget: { cost_per_day: 1 }\n    key: {']),
    [
      'f:3:29: credentials.main.budget.cost_per_day: bigmodel/chat_stream/glm-4.6 has no price, so what it costs is not counted; add its model to prices (warning)',
    ],
  ],
  [
    'a price in another currency than the budget',
    having(
      ['key: {', 'budget: { cost_per_day: 1 }\n    key: {'],
      'prices: { glm-4.6: { input: 1, output: 1, currency: USD } }',
    ),
    ['f:3:13: credentials.main.budget.currency: bigmodel/chat_stream/glm-4.6 is priced in USD, the budget in CNY'],
  ],
  [
    '9: two checks of one name',
    having('  - kind: chat_stream'),
    ['f:11:11: checks[1].kind: bigmodel/chat_stream/glm-4.6 is also what checks[0] makes; give one of them a name'],
  ],
  [
    '10: a window that daylight saving skips',
    having('maintenance: [{ timezone: Europe/Berlin, start: "02:30", duration: 1h }]'),
    [
      'f:11:49: maintenance[0].start: begins at 2027-03-28 02:30 in Europe/Berlin, which does not exist because of daylight saving; move it, or use UTC',
    ],
  ],
  [
    'a window whose end comes twice',
    having('maintenance: [{ timezone: America/New_York, weekdays: [sun], start: "00:30", duration: 1h }]'),
    [
      'f:11:69: maintenance[0].start: ends at 2027-11-07 01:30 in America/New_York, which comes twice because of daylight saving; move it, or use UTC',
    ],
  ],
  [
    'a window on days without a change',
    having('maintenance: [{ timezone: Europe/Berlin, weekdays: [mon], start: "02:30", duration: 1h }]'),
    [],
  ],
  [
    'a window where clocks never change',
    having('maintenance: [{ timezone: Asia/Shanghai, start: "02:30", duration: 1h }]'),
    [],
  ],
  [
    'a window that ends before it begins',
    having('maintenance: [{ from: "2026-12-01T02:00:00+08:00", until: "2026-12-01T01:00:00+08:00" }]'),
    ['f:11:59: maintenance[0].until: is not after from'],
  ],
  [
    '11: an expression that does not compile',
    having('    expect: { content: { regex: "(a" } }'),
    [
      'f:11:33: checks[0].expect.content.regex: is not a regular expression that JavaScript reads with the flag u (Unterminated group)',
    ],
  ],
  [
    '12: more series than wanted',
    having('exporter: { max_series: 10 }'),
    [
      `f:10:3: checks: 1 of about ${seriesPerCheck(0)} series make ${seriesPerCheck(0)}, more than max_series 10; drop checks or models, or raise it`,
    ],
  ],
  [
    'more series than wanted by buckets of one’s own',
    having(`exporter: { max_series: 210, buckets: [${Array.from({ length: 30 }, (_, at) => `${at + 1}s`)}] }`),
    [
      `f:10:3: checks: 1 of about ${seriesPerCheck(0, 30)} series make ${seriesPerCheck(0, 30)}, more than max_series 210; drop checks or models, or raise it`,
    ],
  ],
  [
    'a share without its sign',
    having('    slo: { availability: 99 }'),
    ['f:11:26: checks[0].slo.availability: must be a percentage such as 99.5%'],
  ],
  [
    'a word where a list belongs',
    having('    expect: { finish_reason: stop }'),
    ['f:11:30: checks[0].expect.finish_reason: must be a list, as in [a, b]'],
  ],
  [
    'text where keys belong',
    having('    slo: 99%'),
    ['f:11:10: checks[0].slo: must be keys with values, as in { key: value }'],
  ],
  [
    'a word that is none of two',
    having('    thinking: of'),
    ['f:11:15: checks[0].thinking: must be off or on; did you mean off?'],
  ],
  [
    'a weekday in full',
    having('maintenance: [{ weekdays: [sunday], start: "03:00", duration: 1h }]'),
    ['f:11:28: maintenance[0].weekdays[0]: must be one of mon, tue, wed, thu, fri, sat, sun; did you mean sun?'],
  ],
  [
    'a cron pattern that is none',
    having('    cron: "61 * * * *"'),
    [expect.stringMatching(/^f:11:11: checks\[0\]\.cron: is not a cron pattern \(.+\)$/) as never],
  ],
  ['a day that never comes', having('    cron: "0 0 30 2 *"'), ['f:11:11: checks[0].cron: never fires']],
  [
    'cron beside interval',
    having('    cron: "0 * * * *"', '    interval: 5m'),
    ['f:11:11: checks[0].cron: stands beside interval: say one of them'],
  ],
  [
    'an unknown time zone',
    having('    timezone: Asia/Peking'),
    ['f:11:15: checks[0].timezone: is not an IANA time zone such as Asia/Shanghai'],
  ],
  [
    'an unknown target',
    having('    targets: [bigmodle]'),
    ['f:11:15: checks[0].targets[0]: there is no target of this name; did you mean bigmodel?'],
  ],
  [
    'a target whose name can be no label',
    having(['bigmodel:', "'上海 A':"]),
    ['f:5:3: targets.上海 A: this name must be up to 64 of a-z, 0-9, underscore, dot, colon and hyphen'],
  ],
  [
    'no model',
    having(['  model: glm-4.6', '  interval: 5m']),
    ['f:10:5: checks[0]: has no model: say one here, for its target or in defaults'],
  ],
  [
    'a concurrency check without a budget',
    having(['chat_stream', 'concurrency']),
    ['f:10:11: checks[0].kind: concurrency takes a whole quota: give the credential a budget first'],
  ],
  [
    'a budget that cannot be read, which is not asked for as well',
    having(['chat_stream', 'concurrency'], ['key: {', 'budget: { tokens_per_day: lots }\n    key: {']),
    ['f:3:31: credentials.main.budget.tokens_per_day: must be a whole number from 1 to 1000000000'],
  ],
  [
    'a budget that is misspelt, which is not asked for as well',
    having(['chat_stream', 'concurrency'], ['key: {', 'budget: { tokens_per_dya: 1000000 }\n    key: {']),
    ['f:3:15: credentials.main.budget.tokens_per_dya: unknown key; did you mean tokens_per_day?'],
  ],
  [
    'an SLO that is never seen',
    having(['chat_stream', 'chat'], '    slo: { stall: { objective: 90%, threshold: 1s } }'),
    ['f:11:19: checks[0].slo.stall: chat makes no stream, so stall is never seen (warning)'],
  ],
  [
    'a percentage without its sign',
    having('    slo: { availability: "99" }'),
    ['f:11:26: checks[0].slo.availability: must be a percentage such as 99.5%'],
  ],
  [
    'a bare number for a duration',
    having('    interval: 5'),
    ['f:11:15: checks[0].interval: is a number without a unit; write for example "5s" or "5ms"'],
  ],
  [
    'a URL with a password',
    having(['https://open', 'https://me:pass@open']),
    [
      'f:6:10: targets.bigmodel.url: looks like a secret; take it from { env: NAME }, { file: PATH } or { command: […] }',
      'f:6:10: targets.bigmodel.url: must hold no user, password or query; the key comes from the environment or a file',
    ],
  ],
  [
    'a proxy with a password',
    having(['paas/v4', 'paas/v4\n    proxy: { url: "http://me:pass@proxy" }']),
    [
      'f:7:19: targets.bigmodel.proxy.url: looks like a secret; take it from { env: NAME }, { file: PATH } or { command: […] }',
      'f:7:19: targets.bigmodel.proxy.url: must hold no user, password or query; the key comes from the environment or a file',
    ],
  ],
  ['a URL with a fragment', having(['paas/v4', 'paas/v4#Canary']), ['f:6:10: targets.bigmodel.url: must hold no #']],
  [
    'a name that can be no label',
    having(['  bigmodel:', '  大模型:']),
    ['f:5:3: targets.大模型: this name must be up to 64 of a-z, 0-9, underscore, dot, colon and hyphen'],
  ],
  [
    'a model whose name would break lines',
    having(['model: glm-4.6', 'model: "glm\\n4"']),
    ['f:8:10: defaults.model: must be a name without control characters'],
  ],
  [
    'no target',
    having(['  bigmodel:\n    url: https://open.bigmodel.cn/api/paas/v4', '  {}']),
    ['f:5:3: targets: is empty: say at least one target'],
  ],
  ...['interval: 0s', 'interval: 99999999999d'].map(
    text =>
      [text, having(`    ${text}`), ['f:11:15: checks[0].interval: must be at least 100ms and at most 366d']] as [
        string,
        string,
        string[],
      ],
  ),
  [
    'a deadline of nothing',
    having('    deadlines: { total: 0s }'),
    ['f:11:25: checks[0].deadlines.total: must be at least 1ms and at most 1d'],
  ],
  ...['otlp: { interval: 0s, url: "http://c/v1/metrics" }', 'otlp: { interval: 25h, url: "http://c/v1/metrics" }'].map(
    (text): [string, string, string[]] => [
      text,
      `${good}${text}\n`,
      ['f:11:19: otlp.interval: must be at least 1s and at most 1d'],
    ],
  ),
  ...[
    ['otlp', '{ timeout: 0s, url: "http://c/v1/metrics" }', 'f:11:18: otlp'],
    ['reference', '{ timeout: 0s, urls: ["http://c/"] }', 'f:11:23: reference'],
    ['notifications', '[{ timeout: 0s, kind: slack, url: { env: GLM_API_KEY } }]', 'f:11:28: notifications[0]'],
  ].map(([key, text, where]): [string, string, string[]] => [
    `${key} that wait for nothing`,
    `${good}${key}: ${text}\n`,
    [`${where}.timeout: must be at least 1ms and at most 1d`],
  ]),
  [
    'a state that is forgotten at once',
    `${good}state: { retention: 0s }\n`,
    ['f:11:21: state.retention: must be at least 1d and at most 3660d'],
  ],
  [
    'a window of both kinds',
    `${good}maintenance: [{ start: "01:00", duration: 1h, until: "2026-12-01T00:00:00Z" }]\n`,
    ['f:11:47: maintenance[0].until: does not go together with the other keys here'],
  ],
  [
    'a reason that is misspelt',
    `${good}codes: { 1305: overload }\n`,
    [
      expect.stringMatching(
        /^f:11:8: codes\.1305: is none of the \d+ words for it; did you mean overloaded\?$/,
      ) as never,
    ],
  ],
  [
    'two channels of one name',
    `${good}notifications: [{ kind: slack, url: { env: GLM_API_KEY } }, { kind: slack, url: { env: GLM_API_KEY } }]\n`,
    ['f:11:69: notifications[1].kind: slack is also what notifications[0] is called; give one of them a name'],
  ],
  [
    'a template that names what is not there',
    `${good}notifications: [{ kind: webhook, url: { env: GLM_API_KEY }, template: '{"a":"{{reson}}"}' }]\n`,
    ['f:11:71: notifications[0].template: nothing is called {{reson}}; did you mean reason?'],
  ],
  [
    'a template that is no JSON',
    `${good}notifications: [{ kind: webhook, url: { env: GLM_API_KEY }, template: '{"a":{{words}}' }]\n`,
    ['f:11:71: notifications[0].template: is no JSON when its places are filled; put them inside quotes'],
  ],
  ['an alias in what it repeats', `${good}vantage: &x [*x]\n`, ['f:11:14: an alias stands inside of what it repeats']],
  ...['constructor', '__proto__'].map(
    word =>
      [
        `a variable called ${word}`,
        having(['GLM_API_KEY', word]),
        [`f:3:17: credentials.main.key.env: the environment variable ${word} is not set`],
      ] as [string, string, string[]],
  ),
  ['no YAML', 'checks: [', [expect.stringMatching(/^f:1:\d+: /) as never]],
  ['a key twice', `${good}defaults: {}\n`, ['f:11:1: this key stands here a second time; leave one of them out']],
  [
    'two documents',
    `${good}---\nchecks: []\n`,
    ['f:11:1: a second document begins here, and a file may hold one; leave the --- out'],
  ],
  ['nothing', '', ['f:1:1: credentials: is missing', 'f:1:1: targets: is missing', 'f:1:1: checks: is missing']],
  ['a list', '- 1\n', [expect.stringContaining('must be keys with values') as never]],
])('%s', (_name, text, expected) => {
  const lines = told(text);
  expect(lines.toSorted()).toEqual(expected.toSorted());
  expect(lines.join()).not.toContain('Canary');
});

test('a misspelt key does not hide what is wrong with the rest', () => {
  expect(told(having(['model: glm', 'modell: glm-5\n  model: glm'], '    max_tokens: 1'))).toHaveLength(2);
});

test('a secret in the file does not hide what is wrong with the rest', () => {
  const text = having(['{ env: GLM_API_KEY }', 'Canary0123456789'], '    max_tokens: 1');
  expect(told(text).map(line => line.slice(0, 6))).toEqual(['f:3:10', 'f:11:1']);
});

test('a folder is no file that can be read', () => {
  const { defects } = validate(having(['env: GLM_API_KEY', 'file: /']), { env: {}, nowMs: 0 });
  expect(defects).toMatchObject([{ code: 'missing_file', message: '/: no such file, or it cannot be read' }]);
});

test('what stands once and is inherited by many is told once', () => {
  const two = having(
    ['  bigmodel:', '  zai:\n    url: https://api.z.ai/api/paas/v4\n  bigmodel:'],
    '    interval: 30s',
    '    max_tokens: 1',
  );
  expect(told(two)).toHaveLength(2);
});

test('anchors and merge keys are read', () => {
  const text = having([
    '  - kind: chat_stream',
    '  - &one { kind: chat_stream, interval: 10m }\n  - { <<: *one, kind: chat }',
  ]);
  expect(validate(text, options)).toMatchObject({ defects: [], estimates: [{ runsPerDay: 144 }, { runsPerDay: 144 }] });
});

test.each(checkKinds)('a first file with %s has nothing wrong with it', kind => {
  const text = initialFile({
    ...{ target: 'bigmodel', url: 'https://open.bigmodel.cn/api/paas/v4', model: 'glm-4.6', keyEnv: 'GLM_API_KEY' },
    interval: '15m',
    checks: [kind],
  });
  expect(validate(text, options).defects.filter(({ severity }) => severity === 'error')).toEqual([]);
});

test('the schema for editors knows every key of the file and its defaults', () => {
  const schema = fileSchema() as { properties: Record<string, { default?: unknown }>; additionalProperties: unknown };
  expect(Object.keys(schema.properties)).toContain('maintenance');
  expect([schema.additionalProperties, schema.properties.runs_at_once?.default]).toEqual([false, 4]);
  expect(stringify(schema)).not.toContain('transform');
});

test('a value that cannot be read does not hide what is wrong elsewhere', () => {
  const text = having(
    ['GLM_API_KEY', 'GONE'],
    ['defaults:', 'reference: { urls: [] }\ndefaults:'],
    ['- kind: chat_stream', '- { kind: chat_stream, targets: [bigmodl], interval: 5 parsec }'],
    '  - { kind: chat, cron: "0 9 * * *", interval: 5m, jitter: 120% }',
  );
  expect(told(text).map(line => line.replace(/^f:\d+:\d+: /, ''))).toEqual([
    'reference.urls: is empty: say at least one',
    expect.stringMatching(/^checks\[0\]\.interval: "5 parsec" is not a duration/),
    'checks[1].jitter: must be at most 100%',
    'credentials.main.key.env: the environment variable GONE is not set',
    expect.stringMatching(/^checks\[0\]\.targets\[0\]: there is no target of this name; did you mean bigmodel/),
    'checks[1].cron: stands beside interval: say one of them',
  ]);
});

test('nor does an entry that cannot be read, nor a key that is missing', () => {
  const text = having(
    ['targets:', 'targets:\n  other: { credential: man }'],
    ['https://open.bigmodel.cn/api/paas/v4', 'nowhere'],
    ['model: glm-4.6', 'model: glm-46\n  interval: 5x\n  max_tokens: 5'],
    '    interval: 5m',
    '    targets: [others]',
    '  - chat',
    '  - { kind: nonsense, cron: 61 * * * * }',
    '  - kind: concurrency',
    'maintenance: [{ start: "25:00", duration: 1h }, { start: "01:00", duration: 1h, checks: [nonsense] }]',
    'reference: { urls: [nowhere] }',
    'notifications: [{ kind: slack }, { kind: webhook, url: { env: GONE } }]',
  );
  expect(told(text).map(line => line.replace(/^f:\d+:\d+: (\S+): .*$/, '$1'))).toEqual([
    'targets.other.url',
    'targets.bigmodel.url',
    'defaults.interval',
    'checks[1]',
    'checks[2].kind',
    'maintenance[0].start',
    'reference.urls[0]',
    'notifications[0].url',
    'targets.other.credential',
    'defaults.model',
    'defaults.max_tokens',
    'checks[0].targets[0]',
    'checks[2].cron',
    'checks[3].kind',
    'notifications[1].url.env',
  ]);
});

test('what hangs on no value that cannot be read is told', () => {
  const text = having(
    ['model: glm-4.6', 'model: glm-4.6\n  interval: 5x'],
    '    max_tokens: 5',
    '    slo: { ttfot: { objective: 95%, threshold: 3s } }',
    'exporter: { buckets: [1s, 2s], port: -1 }',
  );
  const unread = text.replace('[1s, 2s]', '[1s, 2x]').replace(', port: -1', '');
  expect([text, unread].map(one => told(one).map(line => line.replace(/^f:\d+:\d+: (\S+): .*$/, '$1')))).toEqual([
    ['defaults.interval', 'exporter.port', 'checks[0].max_tokens', 'checks[0].slo.ttfot.threshold'],
    ['defaults.interval', 'exporter.buckets[1]', 'checks[0].max_tokens'],
  ]);
});

test('what hangs on a value that cannot be read is not told', () => {
  const text = having(['model: glm-4.6', 'model: glm-4.6\n  interval: 5x\n  thinking: perhaps'], '    max_tokens: 40');
  const early = having(['model: glm-4.6', 'model: glm-4.6\n  interval: 5x'], '    slo: { availability: 99.999% }');
  expect([...told(text), ...told(early)].map(line => line.replace(/^f:\d+:\d+: (\S+): .*$/, '$1'))).toEqual([
    'defaults.interval',
    'defaults.thinking',
    'defaults.interval',
  ]);
});

test('a kind of check that is none is no second check of the first kind', () => {
  const text = having(
    ['kind: chat_stream', 'kind: chat'],
    '  - kind: nonsense',
    'maintenance:',
    '  - { start: "01:00", duration: 1h, checks: [nonsense] }',
  );
  expect(told(text)).toEqual([expect.stringMatching(/^f:11:11: checks\[1\]\.kind: must be one of/)]);
});

test.each([
  ['glm-46', 'glm-4.6'],
  ['glm4.5-air', 'glm-4.5-air'],
  ['glm_4.6', 'glm-4.6'],
])('the model %s is doubted', (model, meant) => {
  expect(told(having(['model: glm-4.6', `model: ${model}`]))).toEqual([
    `f:8:10: defaults.model: ${model} is no model that is known here; did you mean ${meant}? (warning)`,
  ]);
});

test.each(['glm-9', 'glm-4.61', 'GLM-4.6', 'zai-org/GLM-4.6', 'my-own'])('the model %s may be one', model => {
  expect(told(having(['model: glm-4.6', `model: ${model}`]))).toEqual([]);
});

test.each<[string, string, string]>([
  [
    'an empty list, in our own words',
    having('    targets: []'),
    'f:11:14: checks[0].targets: is empty: say at least one',
  ],
  ['an empty text', having('    prompt: ""'), 'f:11:13: checks[0].prompt: is empty'],
  [
    'a share of more than all, once',
    having('    slo: { availability: 120% }'),
    'f:11:26: checks[0].slo.availability: must be at most 100%',
  ],
  [
    'a proxy that is nowhere, with all that may stand there',
    having(['paas/v4', 'paas/v4\n    proxy: {}']),
    'f:7:12: targets.bigmodel.proxy: needs exactly one of url, env, file and command',
  ],
])('told once: %s', (_, text, message) => {
  expect(told(text)).toEqual([message]);
});

test.each([
  ['a key', 0, ['key.txt is empty']],
  ['an empty line', 2, ['key.txt is empty']],
  ['a pipe', undefined, []],
  ['a secret', 49, []],
])('a key file that holds what is %s', (_, size, expected) => {
  const text = having(['{ env: GLM_API_KEY }', '{ file: key.txt }']);
  const { defects } = validate(text, { ...options, fileExists: () => true, sizeAt: () => size });
  expect(defects.map(({ message }) => message)).toEqual(expected);
});

test('a file in the place of a folder for cassettes is told', () => {
  const found = (size: number | undefined) =>
    validate(having('cassettes: { dir: here }'), { ...options, sizeAt: () => size }).defects;
  expect(found(0)).toMatchObject([{ key: 'cassettes.dir', message: 'here is a file; name a folder' }]);
  expect(found(undefined)).toEqual([]);
});

test('more runs than a credential has places for are told before they are skipped', () => {
  const checks = (count: number) =>
    Array.from(
      { length: count },
      (_, at) => `  - { kind: chat, name: c${at}, interval: 5s, deadlines: { total: 2s } }`,
    );
  const crowded = (count: number, places = 1) =>
    told(having(['key: {', `calls_at_once: ${places}\n    key: {`], ['  - kind: chat_stream\n', ''], ...checks(count)));
  expect(crowded(12)).toEqual([
    'f:3:20: credentials.main.calls_at_once: is 1, and when runs last until their deadlines, 12 checks keep 5 calls under way: most would be skipped (overlap); raise it, lengthen intervals or shorten deadlines.total (warning)',
  ]);
  expect([crowded(12, 3), crowded(5)]).toEqual([[], []]);
});

test('one warning is one, and two are several', () => {
  const text = having(['key: {', 'budget: { cost_per_day: 1 }\n    key: {']);
  const two = having(['key: {', 'budget: { cost_per_day: 1 }\n    key: {'], '  - kind: chat');
  expect(validationReport('f', validate(text, options), 0)).toMatch(/nothing wrong, 1 warning\n$/);
  expect(validationReport('f', validate(two, options), 0)).toMatch(/nothing wrong, 2 warnings\n$/);
});

test.each([
  ['intervall', 'interval'],
  ['itnerval', 'interval'],
  ['INTERVAL', 'interval'],
  ['sort', undefined],
  ['', undefined],
])('%j: did you mean %s?', (word, meant) => {
  expect(suggestion(word, ['interval', 'kind', 'cron'])).toBe(meant === undefined ? '' : `; did you mean ${meant}?`);
});

test.each([
  ['every five minutes', { kind: 'interval', everyMs: 300_000, jitter: 0 }, 288, 300_000],
  ['cron every five minutes', { kind: 'cron', pattern: '*/5 * * * *', timezone: 'UTC' }, 288, 300_000],
  ['workdays at nine', { kind: 'cron', pattern: '0 9 * * 1-5', timezone: 'Asia/Shanghai' }, 5 / 7, 86_400_000],
  ['an hour of every day', { kind: 'cron', pattern: '* 6 * * *', timezone: 'UTC' }, 60, 60_000],
  ['hours of workdays', { kind: 'cron', pattern: '* 6 * * 1-5', timezone: 'Asia/Shanghai' }, (60 * 5) / 7, 60_000],
  ['every second', { kind: 'cron', pattern: '* * * * * *', timezone: 'UTC' }, 86_400, 1000],
] as const)('%s', (_name, schedule, runs, gap) => {
  expect(runsPerDay(schedule, options.nowMs)).toBeCloseTo(runs, 6);
  expect(shortestGapMs(schedule, options.nowMs)).toBe(gap);
});

test('the worst day is one on which every run fails, is confirmed and writes to its limit', () => {
  const config = validate(
    having('    confirm: { runs: 1 }', '    interval: 1h', 'prices: { glm-4.6: { input: 1, output: 10 } }'),
    options,
  ).config;
  const [outline] = outlinesOf(config as NonNullable<typeof config>);
  const { expected, worst } = estimateOf(
    outline as NonNullable<typeof outline>,
    config as NonNullable<typeof config>,
    options.nowMs,
  );
  expect(expected).toEqual({ tokens: 24 * (40 + 12), cost: (24 * (40 + 120)) / 1e6 });
  expect(worst).toEqual({ tokens: 48 * (40 + 64), cost: (48 * (40 + 640)) / 1e6 });
});

test('what a day costs is told where there is a price, and takes no room where there is none', () => {
  const tableOf = (text: string) => validationReport('f', validate(text, options), 0).split('\n').slice(0, 3);
  const free = tableOf(good);
  expect(free).toEqual([
    'check                         runs/day  tokens/day  worst case',
    'bigmodel/chat_stream/glm-4.6       288       14976       89856',
    'all                                288       14976       89856',
  ]);
  const priced = tableOf(having('prices: { glm-4.6: { input: 4, output: 16, currency: CNY } }'));
  expect(priced[0]?.replace(free[0] ?? '', '')).toMatch(/^ +cost\/day +worst case$/);
  expect(priced[2]).toMatch(/89856 +[\d.]+ CNY +[\d.]+ CNY$/);
});

test('how soon a page comes is what the alert rules say, and a check that runs too seldom never pages', () => {
  const text = having(
    '    interval: 1m',
    '    slo: { availability: 99.9% }',
    '  - { kind: chat, interval: 1h, slo: { availability: 99% } }',
  );
  const report = validationReport('f', validate(text, options), 0);
  expect(report).toMatch(/bigmodel\/chat_stream\/glm-4.6 +availability 99.9% +3 +3m +43\n/);
  expect(report).toMatch(/bigmodel\/chat\/glm-4.6 +availability 99% +- +never +7\n/);
});

test.each([
  ['Europe/Berlin', '2027-03-28T02:30', 0],
  ['Europe/Berlin', '2026-10-25T02:30', 2],
  ['Europe/Berlin', '2026-07-01T02:30', 1],
  ['Asia/Kathmandu', '2026-07-01T02:30', 1],
  ['America/St_Johns', '2026-11-01T01:30', 2],
  ['UTC', '2026-10-25T02:30', 1],
])('in %s %s comes %i times', (zone, local, times) => {
  const localMs = Date.parse(`${local}:00Z`);
  const moments = momentsOf(localMs, zone);
  expect(moments).toHaveLength(times);
  for (const moment of moments) expect(localOf(moment, zone)).toBe(localMs);
});

test('the file that tests write is a good one', () => {
  const file = fileOf('http://127.0.0.1:1/api/paas/v4', [{ kind: 'chat' }]);
  expect(validate(stringify(file), { ...options, env: { KEY: 'a.b' } }).defects).toEqual([]);
});

test('whatever a file says, there is an answer and no crash', () => {
  const random = createRandom('broken files');
  const pieces = [
    ...'[]{}:-#&*!|>%@"\'\n\t 0aé😀',
    '<<: *x',
    '- ',
    ': ',
    '~',
    '!!binary ',
    '1e999',
    '.nan',
    '{ env: A }',
  ];
  for (let round = 0; round < 500; round++) {
    let text = initialFile({
      ...{ target: 'bigmodel', url: 'https://api.z.ai/api/paas/v4', model: 'glm-4.6', keyEnv: 'GLM_API_KEY' },
      interval: '5m',
      checks: ['chat_stream'],
    });
    for (let edit = 0; edit < 3; edit++) {
      const at = int(random, text.length);
      text = text.slice(0, at) + pick(random, pieces) + text.slice(at + int(random, 4));
    }
    const { config, defects } = validate(text, options);
    expect(config !== undefined || defects.length > 0).toBe(true);
    for (const { line, column } of defects) expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
  }
});

const priced = having(
  ['model: glm-4.6', 'model: [glm-4.6, glm-4.5]'],
  'prices: { glm-4.6: { currency: CNY, input: 2, output: 8 } }',
);

test('a sum without all of its prices says that it is a least one', () => {
  expect(told(priced)).toEqual([
    'f:11:9: prices: glm-4.5 is not among them, so the sum is without its checks; add it (warning)',
  ]);
  expect(validationReport('f', validate(priced, options), 0)).toMatch(/^all .* ≥ [\d.]+ CNY +≥ [\d.]+ CNY$/m);
  const whole = priced.replace('prices: {', 'prices: { glm-4.5: { currency: CNY, input: 1, output: 2 },');
  expect(told(whole)).toEqual([]);
  expect(validationReport('f', validate(whole, options), 0)).not.toContain('≥');
  expect(told(having(['model: glm-4.6', 'model: [glm-4.6, glm-4.5]']))).toEqual([]);
});

test.each([
  ['0.0.0.0', '', true],
  ['192.0.2.7', '', true],
  ['0.0.0.0', ', bearer: { env: GLM_API_KEY }', false],
  ['127.0.0.1', '', false],
])('a page at %s%s that serve would refuse is a mistake: %s', (host, more, wrong) => {
  const text = having(`exporter: { host: ${host}${more} }`);
  const { defects } = validate(text, { ...options, allowOpen: false });
  expect(defects.map(({ code, key }) => [code, key])).toEqual(wrong ? [['open_exporter', 'exporter.host']] : []);
  expect(validate(text, options).defects).toEqual([]);
});

test.each([
  [
    'an alias inside of what it repeats',
    'vantage: x\nchecks: &a [*a]\n',
    'f:2:13: an alias stands inside of what it repeats',
  ],
  ['an alias of nothing', 'vantage: x\nchecks: *nope\n', expect.stringMatching(/^f:2:9: .*nope/)],
  [
    'a number where a duration belongs',
    having('    expect: { ttft: 3 }'),
    expect.stringMatching(/f:11:21: .*write for example "3s" or "3ms"$/),
  ],
  [
    'a first token before the first byte',
    having('    deadlines: { first_byte: 5s, first_token: 2s }'),
    'f:11:47: checks[0].deadlines.first_token: is 2s, and first_byte 5s: no token comes before the first byte',
  ],
])('%s is told where it stands', (_, text, line) => {
  expect(told(text)).toEqual([line]);
});

test.each([
  ['user', ['username', 'password'], '; did you mean username?'],
  ['pass', ['username', 'password'], '; did you mean password?'],
  ['first', ['first_byte', 'first_token'], ''],
  ['use', ['username'], ''],
])('the beginning of a word: %s', (word, known, said) => {
  expect(suggestion(word, known)).toBe(said);
});

test('a wrong word hides nothing else, and what follows from a key that could not be read comes after it', () => {
  expect(told(having(['chat_stream', 'chat_stram'], '    interval: 20s', '    deadlnes: { total: 10s }'))).toEqual([
    expect.stringMatching(/^f:10:11: checks\[0\]\.kind: .*chat_stream/),
    expect.stringMatching(/^f:12:5: checks\[0\]\.deadlnes: unknown key; did you mean deadlines/),
    expect.stringMatching(/^f:11:15: checks\[0\]\.interval: runs every 20s, but one run may take 1m/),
  ]);
});
