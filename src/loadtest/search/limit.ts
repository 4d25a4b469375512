/** So many at once, and again, until it is known how many the account lets in. */
import { exitCodes, type Io } from '../../core/program.ts';
import { bare, failuresOf } from '../ledger.ts';
import { createLimitFinder, type LimitReport, type LimitResult } from '../limit-finder.ts';
import type { LoadPlan } from '../plan.ts';
import { limitText } from '../report/capacity.ts';
import { endedOf, type Total } from '../total.ts';
import type { Answer } from './answer.ts';
import type { SearchConfig } from './settings.ts';
import { arrivalsAt, createStays, type Stay } from './stays.ts';

/** @returns undefined when it was stopped */
export async function findLimit(plan: LoadPlan, search: SearchConfig, io: Io): Promise<Answer | undefined> {
  const stay = createStays(plan, io);
  let found: Found | undefined;
  for (const tokens of probeTokens) {
    if (found !== undefined) io.err(`the answers were too short to overlap; asking for ${tokens} tokens\n`);
    found = await probeLimit(search, (load, inFlight) => stay(load, inFlight, asking(plan, tokens)), io);
    if (found?.result.kind !== 'no_overlap') break;
  }
  if (found === undefined) return undefined;
  const { result, answerMs } = found;
  return { result, text: limitText(result, answerMs, plan.keys.length), code: exitOf(result) };
}

/** Tokens that a probe asks for: one is cheap; more are asked for when answers were too short to be there at once. */
const probeTokens = [1, 64] as const;

interface Found {
  readonly result: LimitResult;
  /** How long an answer took, in the middle. */
  readonly answerMs: number;
}

/** So many at once: cheap, and over before anybody else notices. @returns undefined when it was stopped */
async function probeLimit({ from, to }: SearchConfig, stay: Stay, io: Io): Promise<Found | undefined> {
  const machine = createLimitFinder({ low: Math.ceil(from), high: Math.floor(to) });
  let answerMs = 0;
  for (let step = machine.next(); step.kind === 'probe' && !io.stop.aborted; step = machine.next()) {
    const { inFlight } = step;
    const { total } = await stay(arrivalsAt(inFlight, inFlight, 'concurrency'), inFlight);
    const report = limitReport(total);
    answerMs = (total.histograms.e2e_ms ?? total.histograms.attempt_ms)?.quantile(0.5) ?? answerMs;
    io.err(
      `  ${inFlight} at once: ${report.succeeded} answered, ${report.limited} refused with 1302, ${report.failed} failed\n`,
    );
    machine.report(inFlight, report);
  }
  const end = machine.next();
  return end.kind === 'done' ? { result: end.result, answerMs } : undefined;
}

const exitOf = ({ kind }: LimitResult) => {
  if (kind === 'unclear' || kind === 'no_overlap') return exitCodes.unmeasurable;
  return kind === 'below' ? exitCodes.failed : exitCodes.ok;
};

const asking = (plan: LoadPlan, tokens: number): LoadPlan => ({
  ...plan,
  workload: 'max_tokens' in plan.workload ? { ...plan.workload, max_tokens: tokens } : plan.workload,
});

/** An answer of one token may be all thinking or white space; it was let in all the same. */
const letIn = ['ok', 'reasoning_only', 'empty', 'usage_missing'] as const;

function limitReport(total: Total): LimitReport {
  const succeeded = letIn.reduce((sum, name) => sum + endedOf(total, name), 0);
  const limited = total.codes['1302'] ?? 0;
  return { succeeded, limited, failed: total.planned - succeeded - limited, failure: failureOf(total) };
}

/** What most ended as that were neither let in nor refused with 1302, with the codes they came with. */
function failureOf({ ended, codes }: Total): string | undefined {
  const told = Object.keys(codes).filter(code => code !== '1302');
  const others = told.length === 0 ? [...letIn, 'rate_limited'] : letIn;
  const first = failuresOf(ended).find(({ name }) => !others.some(other => other === name));
  if (first === undefined) return undefined;
  return `${first.name}, ${told.length === 0 ? first.meaning : `${bare(first.meaning)} (${told.join(', ')})`}`;
}
