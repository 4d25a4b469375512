import { expect, test } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import type { Figure } from '../../src/loadtest/result.ts';
import { meets, parseSlo } from '../../src/loadtest/slo.ts';
import { judge, parseThreshold } from '../../src/loadtest/thresholds.ts';

const figure: Figure = {
  count: 500,
  min: 10,
  mean: 100,
  max: 900,
  p50: 90,
  p90: 200,
  p95: 300,
  p99: 700,
  ci: {},
  needs: { p99: 662 },
};
const result = {
  metrics: { ttft_content_ms: figure },
  ledger: { planned: 110, ok: 90, warmup: 5, censored: 3, unsent: 2, rate_limited: 6, truncated: 4 },
  throughput: {
    window: 'whole' as const,
    start_up_s: null,
    from_s: 0,
    to_s: 60,
    ci: {
      requests_per_second: [8.5, 9.6],
      output_tokens_per_second: [850, 960],
    } as const,
    requests_per_second: 9,
    output_tokens_per_second: 900,
    in_flight_mean: 5,
    in_flight_max: 6,
    duration_s: 10,
  },
  goodput: { slo: 'ttft_content<300ms', requests_per_second: 8, ci: null, ratio: 0.8 },
};

test.each([
  ['ttft_content:p95<800ms', true, true],
  ['ttft_content_ms:p95<800ms', true, true],
  ['ttft_content:p95<300ms', false, true],
  ['ttft_content:p95<=300ms', true, true],
  ['ttft_content:max<1s', true, true],
  ['  ttft_content:mean  <=  100ms ', true, true],
  ['ttft_content:p99<10s', false, false],
  ['tpot:p50<50ms', false, false],
  ['error_rate<10%', false, true],
  ['error_rate<=0.1', true, true],
  ['limited_rate<7%', true, true],
  ['goodput>75%', true, true],
  ['goodput>0.85', false, true],
  ['requests_per_second>8', true, true],
  ['requests_per_second>8.4', true, true],
  ['requests_per_second>8.7', false, false],
  ['requests_per_second>9.5', false, false],
  ['requests_per_second>9.7', false, true],
  ['output_tokens_per_second>1000/s', false, true],
])('%s is kept: %s, measurable: %s', (text, ok, measurable) => {
  const judged = judge(parseThreshold(text), result);
  expect(judged).toMatchObject({ text: text.trim(), ok, measurable });
});

test.each<[string, boolean, string]>([
  ['ttft_content:p99<50ms', true, 'even p50 is 90ms, which is not < 50ms'],
  ['ttft_content:p99<=150ms', true, 'even p90 is 200ms, which is not <= 150ms'],
  ['ttft_content:p99<82ms', true, 'even p90 is 200ms, which is not < 82ms'],
  ['ttft_content:p99<160ms', false, 'p99 needs 662 samples, there are 100'],
  ['ttft_content:p95<160ms', false, 'p95 needs 130 samples, there are 100'],
])('of %s, for which there are too few samples, it is known that it is missed: %s', (text, measurable, why) => {
  const few: Figure = {
    ...figure,
    count: 100,
    ci: { p50: [80, 110], p90: [155, 290] },
    needs: { p95: 130, p99: 662 },
  };
  const judged = judge(parseThreshold(text), { ...result, metrics: { ttft_content_ms: few } });
  expect(judged).toMatchObject({ ok: false, measurable, why });
  expect(judged.actual === null).toBe(!measurable);
});

test('a verdict says what was found and what was missing', () => {
  expect(judge(parseThreshold('ttft_content:p95<200ms'), result).why).toBe('300ms is not < 200ms');
  expect(judge(parseThreshold('ttft_content:p99<1s'), result).why).toBe('p99 needs 662 samples, there are 500');
  expect(judge(parseThreshold('tpot:p50<1s'), result).why).toBe('no tpot was measured');
  expect(judge(parseThreshold('error_rate<1%'), result).why).toBe(
    '10 % is not < 1 % (10 of 100, bounds 5.53 % to 16.37 %)',
  );
  expect(judge(parseThreshold('goodput>1%'), { ...result, goodput: null }).why).toBe('goodput needs an --slo');
});

test('a rate is judged by its bounds, and not at all where it has none', () => {
  const judged = (throughput: object) =>
    judge(parseThreshold('requests_per_second>8.7'), {
      ...result,
      throughput: { ...result.throughput, ...throughput },
    });
  expect(judged({}).why).toBe('9/s is too close to 8.7/s to tell (bounds 8.5/s to 9.6/s); run longer');
  expect(judged({ ci: {}, needs_s: 5, duration_s: 2.04 })).toMatchObject({
    ok: false,
    measurable: false,
    actual: null,
    why: 'needs 5 measured seconds, there are 2',
  });
  expect(judged({ requests_per_second: 0, ci: { requests_per_second: [0, 0] } })).toMatchObject({
    ok: false,
    measurable: true,
    why: '0/s is not > 8.7/s (bounds 0/s to 0/s)',
  });
});

const counts = (ok: number, truncated: number) => ({ ...result, ledger: { planned: ok + truncated, ok, truncated } });

test.each([
  ['error_rate<1%', 5, 0, false, false],
  ['error_rate<1%', 298, 0, false, false],
  ['error_rate<1%', 299, 0, true, true],
  ['error_rate<1%', 298, 1, true, true],
  ['error_rate<1%', 20, 5, false, true],
  ['error_rate<1%', 40, 0, false, false],
  ['error_rate<50%', 5, 0, true, true],
  ['error_rate<=0', 5, 0, true, true],
  ['error_rate<=0', 5, 1, false, true],
  ['limited_rate<1%', 5, 0, false, false],
])('%s of %d good and %d failed is kept: %s, measurable: %s', (text, ok, failed, kept, measurable) => {
  expect(judge(parseThreshold(text), counts(ok, failed))).toMatchObject({ ok: kept, measurable });
});

test.each([
  ['goodput>95%', 58, 1, false, false],
  ['goodput>95%', 59, 1, true, true],
  ['goodput>95%', 20, 0.5, false, true],
  ['goodput>=100%', 5, 1, true, true],
])('%s of %d requests, %d of them good, is kept: %s, measurable: %s', (text, all, ratio, kept, measurable) => {
  const goodput = { ...result.goodput, ratio };
  expect(judge(parseThreshold(text), { ...counts(all, 0), goodput })).toMatchObject({ ok: kept, measurable });
});

test('a share of too few requests says what it may be, and how many are needed', () => {
  expect(judge(parseThreshold('error_rate<1%'), counts(5, 0))).toMatchObject({
    actual: null,
    why: 'needs 299 requests, there are 5: 0 of 5 may be 0 % to 45.07 %',
  });
});

test.each([
  '',
  'p95<800ms',
  'ttft_content:p97<800ms',
  'ttft_content:p95=800ms',
  'ttft_content:p95<800%',
  'nonsense:p95<800ms',
  'error_rate<x',
  'error_rate<0.5/s',
  'requests_per_second>10%',
  'requests_per_second>10%',
  'constructor<1',
])('"%s" is no threshold, and the answer shows how to write one', text => {
  expect(() => parseThreshold(text)).toThrow(UsageError);
  expect(() => parseThreshold(text)).toThrow(/ttft_content:p95<800ms/);
});

test.each([
  ['rps>5', 'is no threshold; did you mean requests_per_second>5?'],
  ['ttft<1s', 'is no threshold; did you mean ttft_content:p95<1s?'],
  ['ttft:p50<1s', 'is no threshold; did you mean ttft_content:p50<1s?'],
  ['ttft_contents:p95<1s', 'is no threshold; did you mean ttft_content:p95<1s?'],
  ['ttft_content<800ms', 'is no threshold; did you mean ttft_content:p95<800ms?'],
  ['eror_rate<1%', 'is no threshold; did you mean error_rate<1%?'],
  ['error_rate:p95<1%', 'is no threshold; did you mean error_rate<1%?'],
  ['ttft_content:p95<800', 'does not say which unit 800 has; write ttft_content:p95<800ms, or with s for seconds'],
  ['error_rate<1%;goodput>95%', 'is more than one threshold; give each a --threshold'],
  ['error_rate<1%, goodput>95%', 'is more than one threshold; give each a --threshold'],
  ['error_rate<1% and goodput>95%', 'is more than one threshold; give each a --threshold'],
])('%s: it %s', (text, said) => {
  expect(() => parseThreshold(text)).toThrow(
    expect.objectContaining({ code: 'bad_threshold', message: `"${text}" ${said}` }),
  );
});

test.each([
  ['goodput<95%', 'more', 'goodput>95%'],
  ['goodput<=95%', 'more', 'goodput>=95%'],
  ['ttft_content:p50>100ms', 'less', 'ttft_content:p50<100ms'],
  ['e2e:min >= 1s', 'less', 'e2e:min <= 1s'],
  ['error_rate>1%', 'less', 'error_rate<1%'],
  ['limited_rate>5%', 'less', 'limited_rate<5%'],
  ['requests_per_second<10', 'more', 'requests_per_second>10'],
  ['output_tokens_per_second<10/s', 'more', 'output_tokens_per_second>10/s'],
])('%s is refused, for it is passed by what is worse: %s is better', (text, better, turned) => {
  expect(() => parseThreshold(text)).toThrow(
    `"${text}" is passed by what is worse, for ${better} is better here; write ${turned}`,
  );
});

test('an SLO holds when all its limits hold, and what a request does not have breaks nothing', () => {
  const slo = parseSlo('ttft_content<800ms, tpot<50ms');
  expect(meets(slo, { ttft_content_ms: 799, tpot_ms: 49 })).toBe(true);
  expect(meets(slo, { ttft_content_ms: 800, tpot_ms: 49 })).toBe(false);
  expect(meets(slo, { ttft_content_ms: 700 })).toBe(true);
});

test.each(['ttft<1s', 'itl<20ms', 'ttft_content>1s', 'ttft_content<1', 'tpot'])('"%s" is no SLO', text => {
  expect(() => parseSlo(text)).toThrow(UsageError);
});

test.each([
  ['error_rate<-1%', 'pass', 'it is a share from 0% to 100%'],
  ['error_rate<0%', 'pass', 'it is a share from 0% to 100%'],
  ['error_rate<200%', 'fail', 'it is a share from 0% to 100%'],
  ['error_rate<=100%', 'fail', 'it is a share from 0% to 100%'],
  ['goodput>=0', 'fail', 'it is a share from 0% to 100%'],
  ['goodput>100%', 'pass', 'it is a share from 0% to 100%'],
  ['limited_rate>=150%', 'pass', 'it is a share from 0% to 100%'],
  ['requests_per_second>-1', 'fail', 'it is never below 0'],
  ['requests_per_second<=-1', 'pass', 'it is never below 0'],
])('%s is refused, for it can never %s', (text, never, range) => {
  expect(() => parseThreshold(text)).toThrow(`"${text}" can never ${never}; ${range}`);
});

test.each([
  ['error_rate<1', '1 is 1% or 100%', 'error_rate<1%'],
  [' goodput >= 1 ', '1 is 1% or 100%', 'goodput >= 1%'],
  ['limited_rate<1.1', '1.1 is 1.1% or 110%', 'limited_rate<1.1%'],
  ['goodput>95', '95 is 95% or 9500%', 'goodput>95%'],
  ['error_rate<=1.0', '1.0 is 1% or 100%', 'error_rate<=1%'],
])('"%s" is refused, for nobody knows whether %s', (text, question, remedy) => {
  expect(() => parseThreshold(text)).toThrow(
    expect.objectContaining({
      code: 'bad_threshold',
      message: `"${text.trim()}" does not say whether ${question}; write it with its sign, such as ${remedy}, or as a share below 1`,
    }),
  );
});

test.each(['error_rate<0.999', 'error_rate<=0', 'requests_per_second>1', 'output_tokens_per_second>1/s'])(
  '%s is clear without a sign',
  text => {
    expect(parseThreshold(text).text).toBe(text);
  },
);

test.each(['error_rate<=0%', 'error_rate<100%', 'goodput>=100%', 'requests_per_second>0', 'limited_rate<0.01%'])(
  '%s can pass and fail',
  text => {
    expect(parseThreshold(text).text).toBe(text);
  },
);

test.each(['constructor<5', '__proto__<5', 'toString<5', 'hasOwnProperty:p95<5ms'])(
  '"%s" is guessed to be nothing else',
  text => {
    expect(() => parseThreshold(text)).toThrow(/ is no threshold; write MEASURE/);
  },
);
