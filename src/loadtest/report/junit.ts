/** JUnit XML, as CI systems read it: one test case per threshold, and one for whether the run may be believed. */
import { escaped } from '../../core/escaped.ts';
import type { LoadResult, ThresholdResult } from '../result.ts';
import { headlineOf, modelOf } from './verdict.ts';

/** A missed threshold is a failure; one that could not be measured, and an INVALID run, are errors. */
export function junit(result: LoadResult): string {
  const cases = [validity(result), ...result.thresholds.map(threshold)];
  const of = (kind: Case['kind']) => cases.filter(one => one.kind === kind).length;
  const name = `load ${modelOf(result)}`;
  const counts = `tests="${cases.length}" failures="${of('failure')}" errors="${of('error')}" skipped="0"`;
  const facts = `name="${xml(name)}" timestamp="${xml(result.started_at.replace(/\.\d+Z$/, ''))}" time="${result.whole.duration_s.toFixed(3)}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${counts}>
  <testsuite ${facts} ${counts}>
    <properties>
      <property name="run_id" value="${xml(result.run_id)}"/>
      <property name="seed" value="${result.seed}"/>
      <property name="schedule_hash" value="${xml(result.schedule_hash)}"/>
    </properties>
${cases.map(one => caseOf(one, name)).join('\n')}
  </testsuite>
</testsuites>
`;
}

interface Case {
  readonly name: string;
  readonly kind: 'passed' | 'failure' | 'error';
  readonly message: string;
}

/** Without thresholds the verdict itself is what can fail. */
function validity(result: LoadResult): Case {
  const { word, validity, reason } = headlineOf(result);
  const name = 'the run can be measured';
  if (validity === 'INVALID' || (result.verdict === 'not_measurable' && !isTheirs(result)))
    return {
      name,
      kind: 'error',
      message: [...(result.doubts.includes(reason) ? [] : [reason]), ...told(result)].join('; '),
    };
  if (result.verdict === 'fail' && result.thresholds.every(({ ok, actual }) => ok || actual === null))
    return { name, kind: 'failure', message: `${word}: ${reason}` };
  return { name, kind: 'passed', message: told(result).join('') };
}

/** Whether it is gates alone that cannot be judged, each of which says so itself. */
const isTheirs = ({ load, thresholds }: LoadResult) =>
  load.halted !== 'stopped' && thresholds.some(({ actual }) => actual === null);

const told = ({ validity, doubts }: LoadResult) => (doubts.length > 0 ? [`${validity}: ${doubts.join('; ')}`] : []);

function threshold({ text, ok, actual, why }: ThresholdResult): Case {
  if (ok) return { name: text, kind: 'passed', message: why };
  return { name: text, kind: actual === null ? 'error' : 'failure', message: why };
}

function caseOf({ name, kind, message }: Case, suite: string): string {
  const head = `    <testcase classname="${xml(suite)}" name="${xml(name)}"`;
  if (kind !== 'passed') return `${head}><${kind} message="${xml(message)}"/></testcase>`;
  return message === '' ? `${head}/>` : `${head}><system-out>${xml(message)}</system-out></testcase>`;
}

/** White space in an attribute would be read as spaces anyway. */
const xml = (text: string) => escaped(text).replace(/[\t\n\r]/g, ' ');
