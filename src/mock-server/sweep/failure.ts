/** What a sweep found in one scenario, at the smallest position that shows it. */
import type { SweepCase } from './cases.ts';
import { textReply, toolReply } from './replies.ts';
import type { SweepOptions as OptionsOf } from './sweep.ts';

/** Whatever the client returns. */
type SweepOptions = OptionsOf<never>;

/** What went wrong in one scenario, in the simplest case of all that failed. */
export interface SweepFailure {
  readonly kind: FailureKind;
  readonly scenario: string;
  /** As it is asked for, such as `truncated,after=0`. */
  readonly fault: string;
  /** Frames that pass before it; undefined where the scenario has no position. */
  readonly position: number | undefined;
  /** The other positions at which the client failed, in order. */
  readonly alsoAt: readonly number[];
  /** What the client did wrong. */
  readonly says: string;
  /** What a sound client does. */
  readonly advice: string;
  /** One line to see it again, by hand or in code. */
  readonly repro: string;
}

/**
 * `client`: it handled the fault badly. `no_request`, `not_struck`: the fault never met the client, so the sweep proves nothing
 * here; that is a mistake of the test.
 */
export type FailureKind = 'client' | 'no_request' | 'not_struck';

export interface Complaint {
  readonly kind: FailureKind;
  readonly tried: SweepCase;
  readonly says: string;
}

/** One failure per scenario: the simplest case of all that failed; and one for all calls that never came. */
export function failuresOf(complaints: readonly Complaint[], options: SweepOptions): SweepFailure[] {
  const groups = Map.groupBy(complaints, ({ kind, tried }) => (kind === 'client' ? tried.scenario.name : kind));
  return [...groups.values()].flatMap(group => {
    const [simplest, ...others] = group.toSorted(bySize);
    return simplest === undefined ? [] : [failure(simplest, others, options)];
  });
}

/** Struck every time is simpler than struck once: it takes no repetition to see. */
const bySize = (a: Complaint, b: Complaint) =>
  Number(a.tried.once) - Number(b.tried.once) || (a.tried.position ?? 0) - (b.tried.position ?? 0);

function failure({ kind, tried, says }: Complaint, others: readonly Complaint[], options: SweepOptions): SweepFailure {
  const { scenario, position, fault } = tried;
  const places = new Set(others.map(other => other.tried.position).filter(at => at !== undefined && at !== position));
  const more = kind === 'client' || others.length === 0 ? '' : `; so in ${others.length} other cases`;
  return {
    kind,
    scenario: scenario.name,
    fault,
    position,
    alsoAt: kind === 'client' ? [...places].filter(at => at !== undefined).toSorted((a, b) => a - b) : [],
    says: says + more,
    advice: kind === 'client' ? scenario.advice : adviceFor[kind],
    repro: reproOf(tried, options),
  };
}

const adviceFor: Readonly<Record<Exclude<FailureKind, 'client'>, string>> = {
  no_request: 'Make the client anew in each call, from the baseUrl and the apiKey that it is given.',
  not_struck: 'Let the client ask for what the fault changes (a stream, tools), or leave the scenario out.',
};

/** With all that the answer and the judgement hang on; functions by name, because they are the caller's own. */
function reproOf(
  { scenario, position }: SweepCase,
  { reply, same, expect, mayCrash, limit, mock }: SweepOptions,
): string {
  const places = position === undefined ? [] : [`positions: [${position}]`];
  const answer =
    reply === undefined || reply === textReply ? [] : [reply === toolReply ? 'reply: toolReply' : written({ reply })];
  const others = written({ mayCrash, limit, mock });
  const own = [...(same === undefined ? [] : ['same']), ...(expect === undefined ? [] : ['expect'])];
  const parts = [`scenarios: ['${scenario.name}']`, ...places, ...answer, ...(others === '' ? [] : [others]), ...own];
  return `await assertSweep(client, { ${parts.join(', ')} })`;
}

/** Fields as they stand in an object literal; those without a value are left out. */
const written = (fields: Readonly<Record<string, unknown>>) =>
  Object.entries(fields)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${JSON.stringify(value)}`]))
    .join(', ');
