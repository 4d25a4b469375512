/** What is checked around each test beside the test itself: requests that nothing fitted, fixtures that fitted nothing. */
import type { TestMock } from '../create-mock.ts';
import { requestLines } from '../verdict/line.ts';

export type Severity = 'fail' | 'warn' | 'ignore';

export interface Checks {
  /** What is wrong since the last time it was asked, with requests that came late. */
  unmatched(): string | undefined;
  /** Fixtures that the test added and that answered nothing. */
  unused(): string | undefined;
  /** Fixtures of the settings that answered in no test. */
  neverUsed(): string | undefined;
}

export function createChecks(mock: Pick<TestMock, 'requests' | 'state'>): Checks {
  const told = new WeakSet<object>();
  const shared = new Set(fixturesOf(mock).map(({ fixture }) => fixture));
  /** Those of `shared` that have answered: a reset forgets it. */
  const used = new Set<string>();

  const unmatched = () => {
    const found = mock.requests().filter(entry => entry.status === noFixture && !told.has(entry));
    for (const entry of found) told.add(entry);
    if (found.length === 0) return undefined;
    return (
      `answered with 418, because no fixture fitted or a fault was misspelt:\n${requestLines(found)}\n` +
      "  The reply's message says which fixtures came close. Add one, or set unmatched: 'warn' or 'ignore'."
    );
  };

  const unused = () => {
    const fixtures = fixturesOf(mock);
    for (const { fixture, hits } of fixtures) if (hits > 0) used.add(fixture);
    return sentence(
      'added by this test and never used',
      fixtures.filter(({ fixture, hits }) => hits === 0 && !shared.has(fixture)).map(({ fixture }) => fixture),
      mock,
    );
  };

  const neverUsed = () =>
    sentence(
      'of the settings and used in no test',
      [...shared].filter(fixture => !used.has(fixture)),
      mock,
    );

  return { unmatched, unused, neverUsed };
}

/** The mock's own status: no client retries it, and the service never sends it. */
const noFixture = 418;

const fixturesOf = (mock: Pick<TestMock, 'state'>) => mock.state().fixtures.fixtures;

function sentence(what: string, fixtures: readonly string[], mock: Pick<TestMock, 'state'>): string | undefined {
  if (fixtures.length === 0) return undefined;
  const by = new Map(mock.state().fixtures.shadowed.map(shadow => [shadow.fixture, shadow.by]));
  const lines = fixtures.map(name => `  ${name}${by.has(name) ? ` (shadowed by ${by.get(name)})` : ''}`);
  return `fixtures ${what}:\n${lines.join('\n')}`;
}
