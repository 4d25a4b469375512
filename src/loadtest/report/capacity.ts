/** What a search found, as a table and in plain words. */
import { counted } from '../../core/counted.ts';
import type { CapacityResult, TriedLevel } from '../capacity.ts';
import type { LimitResult } from '../limit-finder.ts';
import { count, time } from '../numbers.ts';
import { crop, fold } from './terminal.ts';

interface Asked {
  readonly by: 'concurrency' | 'rate';
  readonly attainment: number;
}

const columns = 80;

/** No line is wider than 80 columns. */
export function capacityText(result: CapacityResult, { by, attainment }: Asked): string {
  const unit = by === 'rate' ? 'requests per second' : 'requests under way';
  const share = `${+(attainment * 100).toFixed(2)} %`;
  const said = [sentence(result, unit, share), why(result), ...uslLines(result), confidence];
  return [...said.filter(text => text !== '').flatMap(text => fold(text, columns)), '', heads, ...result.tried.map(row)]
    .map(line => crop(line, columns))
    .join('\n');
}

const confidence = 'Of 20 verdicts on a level at most one is wrong by chance (95 % confidence).';

const line = (cells: readonly string[]) => {
  const [level = '', verdict = '', good = '', bounds = '', speed = '', n = '', spoiled = ''] = cells;
  const right = [good.padStart(7), bounds.padStart(12), speed.padStart(9), n.padStart(5)];
  return `${level.padStart(7)}  ${verdict.padEnd(7)} ${right.join(' ')}  ${spoiled}`.trimEnd();
};

const heads = line(['level', 'verdict', 'good', '95 % bounds', 'answers/s', 'n', 'not good']);

const row = (tried: TriedLevel) => {
  const { level, requests, good, throughput, verdict, bounds } = tried;
  const share = `${percent(good / Math.max(1, requests))} %`;
  const range = `${percent(bounds[0])}–${percent(bounds[1])}`;
  return line([String(level), verdict, share, range, throughput.toFixed(1), count(requests), spoiledText(tried)]);
};

const percent = (share: number) => `${(100 * share).toFixed(1)}`;

/** `60 rate_limited, 2 slow`: what kept requests from being good, most frequent first. */
function spoiledText({ requests, good, failures = {} }: TriedLevel): string {
  const failed = Object.values(failures).reduce((sum, n) => sum + n, 0);
  const all = Object.entries({ ...failures, slow: requests - good - failed }).filter(([, n]) => n > 0);
  return all
    .sort((a, b) => b[1] - a[1])
    .map(([name, n]) => `${count(n)} ${name}`)
    .join(', ');
}

function sentence(
  { kind, level, interval: [passed, failed], tried }: CapacityResult,
  unit: string,
  share: string,
): string {
  if (kind === 'unclear') return unclearText(tried[0], unit, share);
  if (kind === 'none' || level === null) return `Not even the first level keeps the SLO for ${share} of requests.`;
  if (kind === 'at_least')
    return `At least ${level} ${unit} keep the SLO for ${share} of requests: no level that was allowed failed.`;
  const upper = failed === null ? 'no level was clearly too high' : `${failed} are clearly too many`;
  return `${passed} ${unit} keep the SLO for ${share} of requests; ${upper}.`;
}

function unclearText(first: TriedLevel | undefined, unit: string, share: string): string {
  if (first === undefined) return 'No level was tried.';
  const { level, good, requests } = first;
  const found = `${count(good)} of ${counted(requests, 'request')} did`;
  return `Unclear whether the first level, ${level} ${unit}, keeps the SLO for ${share} of requests: ${found}. Begin lower (--from), or set another share (--attainment).`;
}

/** What happens at the first level that is too high. */
function why({ tried }: CapacityResult): string {
  const first = tried.find(({ verdict }) => verdict === 'fail');
  const spoiled = first === undefined ? '' : spoiledText(first);
  return first === undefined || spoiled === ''
    ? ''
    : `What spoils it: of ${count(first.requests)} requests at ${first.level}, ${spoiled}.`;
}

function uslLines({ usl, tried }: CapacityResult): string[] {
  if (usl.kind === 'degenerate') return [`Whether throughput bends cannot be told: ${usl.why}.`];
  const { knee, extrapolated, ci } = usl;
  if (knee === null) return [kneeless(tried)];
  const bounds =
    ci.knee === null ? '' : ` [${Math.round(ci.knee[0])}–${ci.knee[1] === null ? '?' : Math.round(ci.knee[1])}]`;
  const guess = extrapolated ? ', beyond what was tried' : '';
  return [`Knee: throughput bends at about ${Math.round(knee)}${bounds} requests under way${guess}.`];
}

/** A law that only rises may be fitted to throughput that does not: then what was measured is told. */
function kneeless(tried: readonly TriedLevel[]): string {
  const [best, highest] = [tried.reduce(faster), tried.reduce((a, b) => (b.level > a.level ? b : a))];
  return highest.throughput > 0.95 * best.throughput
    ? 'No knee: throughput only rises in what was tried.'
    : `No knee was found, but more did not give more: the most was ${best.throughput.toFixed(1)} answers per second at ${best.level}, and ${highest.throughput.toFixed(1)} at ${highest.level}.`;
}

const faster = (a: TriedLevel, b: TriedLevel) => (b.throughput > a.throughput ? b : a);

/**
 * @param answerMs how long an answer took, in the middle
 * @param keys that requests took in turn; a limit of each then has as many places as all of them
 */
export function limitText(result: LimitResult, answerMs: number, keys = 1): string {
  const account = keys > 1 ? `The account answers with these ${keys} keys together` : 'The account answers';
  switch (result.kind) {
    case 'found':
      return `${account} ${counted(result.ceiling, 'request')} in flight; one more is refused with 1302.`;
    case 'at_least':
      return `${account} at least ${counted(result.ceiling, 'request')} in flight, the most that were allowed here.`;
    case 'below':
      return result.ceiling === 0
        ? 'Even one request at a time is refused with 1302: that is no limit of requests in flight, but of how often they come (requests or tokens a minute). Wait a minute, and ask again.'
        : `Even ${result.ceiling + 1} requests in flight are refused with 1302. Begin with fewer (--from 1); if one alone is refused, it is about how often they come.`;
    case 'no_overlap':
      return `Cannot be told: answers of ${time(answerMs)} do not overlap; of ${result.inFlight} at once ${result.limited} were refused with 1302, and ${result.ceiling} were answered another time. Ask for it where answers take longer.`;
    case 'unclear':
      return result.low === 0
        ? `Unclear: no number at once was answered in full; ${result.why}.`
        : `Unclear: the limit lies between ${result.low} and ${result.high}; ${result.why}.`;
  }
}
