/** The drill's table says what the mock can play, what the probe makes of it, and what the shipped rules and routes do about it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routesOf } from '../../scripts/rules/routes.ts';
import { readRules, rulesOf } from '../../scripts/rules/rule-file.ts';
import { domainOf, type FaultDomain, reasons } from '../../src/core/outcome.ts';
import { type Fault, faults, ofTheMachine, unexpected, unplayed } from '../../src/drill/catalogue.ts';
import { faultText } from '../../src/drill/mock.ts';
import { probeFile } from '../../src/drill/probe-file.ts';
import { createMock, type Mock } from '../../src/mock-server/index.ts';
import { scenarioNamed } from '../../src/mock-server/scenarios/index.ts';
import { runCheck } from '../../src/probe/probe.ts';
import { isDegraded } from '../../src/probe/run.ts';
import { committed } from '../support/panels.ts';
import { doorFor, planFor } from '../support/probe.ts';

const filesOf = (names: readonly string[]) =>
  names.map(name => readRules(readFileSync(join(committed, 'rules', name), 'utf8')));
const rules = filesOf(['probe.yml', 'slo.yml', 'prober.yml']).flatMap(rulesOf);
const alerts = new Set(rules.flatMap(({ alert }) => alert ?? []));
const expected = new Set(faults.map(({ alert }) => alert));

test('every fault has a name of its own that can be a label', () => {
  const names = faults.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9-]{1,17}$/);
});

test('one fault of each fault domain is played when nobody names one', () => {
  const usual = faults.filter(fault => fault.usual).map(({ domain }) => domain);
  const domains: FaultDomain[] = ['provider', 'account', 'network', 'client', 'prober'];
  expect(usual.toSorted()).toEqual(domains.toSorted());
});

test('every reason is the reason of exactly one fault, or it is said why of none', () => {
  const played = faults.flatMap(({ reason }) => reason ?? []);
  expect([...played, ...Object.keys(unplayed)].toSorted()).toEqual(reasons.toSorted());
});

test('every alert about services, accounts and the prober is expected of a fault, or it is said why of none', () => {
  expect([...expected, ...Object.keys(unexpected)].toSorted()).toEqual([...alerts].toSorted());
  for (const { also } of faults) expect(also.filter(name => !alerts.has(name))).toEqual([]);
});

test('alerts of the machine are shipped, and no fault expects one', () => {
  const shipped = filesOf(['mock.yml', 'prober.yml'])
    .flatMap(rulesOf)
    .map(({ alert }) => alert);
  for (const name of ofTheMachine) expect(shipped).toContain(name);
  expect(faults.filter(({ alert, also }) => [alert, ...also].some(name => ofTheMachine.has(name)))).toEqual([]);
});

test.each(faults.filter(({ reason }) => reason !== null))('$name is the fault of whom the core says', fault => {
  expect(fault.domain).toBe(domainOf(fault.reason as NonNullable<Fault['reason']>));
});

const routes = routesOf(filesOf(['probe.yml', 'slo.yml', 'prober.yml']));

test.each(faults)('the alert of $name goes to $to, as amtool verifies of the example', ({ alert, to }) => {
  // A check is of severity `page` unless its file says otherwise, and its alerts take it from there.
  const own = rules.find(rule => rule.alert === alert)?.labels?.severity;
  const severity = own?.startsWith('{{') ? 'page' : own;
  const route = routes.find(({ labels }) => labels.alertname === alert && labels.severity === severity);
  expect(route?.receiver).toBe(to);
});

// ── the mock and the probe ──

const scenarios = faults.flatMap(fault => (fault.play.kind === 'scenario' ? [{ ...fault, play: fault.play }] : []));

/** Faults whose own parameters, or check, make something else of the scenario. */
const otherwise = new Set(['drip', 'slow', 'late-head', 'no-done', 'json-ignored', 'misfiled-answer']);

test.each(scenarios)('$name: the mock’s catalogue promises $reason', ({ name, play, reason }) => {
  const scenario = scenarioNamed(play.scenario);
  expect(scenario?.name).toBe(play.scenario);
  expect(scenario?.rate ?? 1).toBe(1);
  if (!otherwise.has(name)) expect(scenario?.outcome).toBe(reason);
});

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ timing: 'ttft=20ms,itl=2ms' });
});
afterAll(() => mock.close({ graceMs: 0 }));

/** Slower than a drill, so that a busy machine is not taken for a fault. */
const scale = 6;

const checkOf = async (fault: Fault, baseUrl: string) => {
  const file = probeFile([fault], { scale, baseUrlOf: () => baseUrl, port: 0, state: 'x' });
  const credentials = { [fault.name]: { key: { env: 'KEY' } } };
  const { checks } = await planFor({ ...file, credentials }, mock.apiKey);
  return checks[0] as NonNullable<(typeof checks)[0]>;
};

test.concurrent.each(scenarios)('$name: the probe calls it $reason', async fault => {
  const url = `${mock.url}/~${encodeURIComponent(faultText(fault.play, scale))}/api/paas/v4`;
  const check = await checkOf(fault, url);
  const run = await runCheck(check, doorFor());
  expect(run).toMatchObject({
    state: fault.reason === null ? 'good' : 'bad',
    reason: fault.reason,
    fault_domain: fault.reason === null ? null : fault.domain,
  });
  expect(isDegraded(run)).toBe(fault.alert === 'GlmProbeDegraded');
  const late = check.slo.find(({ sli }) => sli === 'ttfot');
  if (late !== undefined) expect(run.timing.first_visible_token_ms).toBeGreaterThan(late.thresholdMs ?? Infinity);
});

test.each(scenarios)('without the fault, the check of $name is good and not late', async fault => {
  const check = await checkOf(fault, mock.baseUrl);
  const run = await runCheck(check, doorFor());
  expect(run).toMatchObject({ state: 'good', warnings: [] });
  const late = check.slo.find(({ sli }) => sli === 'ttfot');
  if (late !== undefined) expect(run.timing.first_visible_token_ms).toBeLessThan(late.thresholdMs ?? 0);
});
