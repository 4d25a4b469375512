import { expect, test } from 'vitest';
import { html } from '../../../src/loadtest/report/html.ts';
import { markdown } from '../../../src/loadtest/report/markdown.ts';
import { screen } from '../../../src/loadtest/report/screen.ts';
import { headlineOf } from '../../../src/loadtest/report/verdict.ts';
import { healthyRun } from '../results.ts';

const ungated = healthyRun({ verdict: 'ungated', thresholds: [] }).result;

test('a run without a gate is done, and in no colour that says it passed', () => {
  expect(headlineOf(ungated)).toMatchObject({ word: 'DONE', mood: 'calm' });
  expect(headlineOf(ungated).reason).toMatch(/^[\d.]+% of [\d,]+ requests answered well; no threshold was set$/);
});

test('a run in which nearly nothing was answered well says that first', () => {
  const result = { ...ungated, ledger: { planned: 3841, ok: 24, rate_limited: 3817 } };
  expect(headlineOf(result)).toMatchObject({
    word: 'DONE',
    mood: 'warn',
    reason: 'only 0.62% of 3,841 requests answered well; no threshold was set',
  });
});

test('nowhere does PASS stand beside INVALID', () => {
  const result = { ...ungated, validity: 'INVALID', doubts: ['the event loop was 93 % busy'] } as const;
  const page = html(result);
  expect(screen(result, { color: true })).toMatch(/^\S*DONE\S* {2}\S*INVALID/);
  expect(page).toContain('<span class="badge calm">· DONE</span> <span class="badge bad">INVALID</span>');
  expect(page).toMatch(/<title>DONE · /);
  expect(markdown(result)).toMatch(/^### ℹ️ DONE · INVALID/);
  expect(screen(result) + page + markdown(result)).not.toContain('PASS');
});

test('a gate on an interrupted run is not passed, and the reason is said', () => {
  const { result } = healthyRun({ verdict: 'not_measurable' });
  const load = { ...result.load, sent: 12, halted: 'stopped', halted_after_s: 3.2 };
  expect(headlineOf({ ...result, load })).toMatchObject({
    word: 'NOT MEASURABLE',
    reason: 'interrupted after 3.20 s with 12 requests sent: no gate is passed on a part of a run',
  });
});
