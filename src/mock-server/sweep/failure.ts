/** What a sweep found in one scenario, at the smallest position that shows it. */
import type { SweepCase } from './cases.ts';

export interface SweepFailure {
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

export interface Complaint {
  readonly tried: SweepCase;
  readonly says: string;
}

/** One failure per scenario: the simplest case of all that failed. */
export function failuresOf(complaints: readonly Complaint[], seed: number): SweepFailure[] {
  const byScenario = Map.groupBy(complaints, ({ tried }) => tried.scenario.name);
  return [...byScenario.values()].flatMap(group => {
    const [simplest, ...others] = group.toSorted(bySize);
    return simplest === undefined ? [] : [failure(simplest, others, seed)];
  });
}

/** Struck every time is simpler than struck once: it takes no repetition to see. */
const bySize = (a: Complaint, b: Complaint) =>
  Number(a.tried.once) - Number(b.tried.once) || (a.tried.position ?? 0) - (b.tried.position ?? 0);

function failure({ tried, says }: Complaint, others: readonly Complaint[], seed: number): SweepFailure {
  const { scenario, position, fault } = tried;
  const places = new Set(others.map(other => other.tried.position).filter(at => at !== undefined && at !== position));
  return {
    scenario: scenario.name,
    fault,
    position,
    alsoAt: [...places].filter(at => at !== undefined).toSorted((a, b) => a - b),
    says,
    advice: scenario.advice,
    repro: reproOf(tried, seed),
  };
}

function reproOf({ scenario, position, fault }: SweepCase, seed: number): string {
  const places = position === undefined ? '' : `, positions: [${position}]`;
  return (
    `glm-testkit mock --seed ${seed} --port 4010, base URL http://127.0.0.1:4010/~${fault}/api/paas/v4; ` +
    `in code: await assertSweep(client, { scenarios: ['${scenario.name}']${places} })`
  );
}
