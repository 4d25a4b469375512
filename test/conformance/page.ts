/** The ledger as a page for readers. */
import type { Mark } from '../../src/core/wire/errors.ts';
import type { Fact } from './ledger.ts';

const marks: Readonly<Record<Mark, string>> = {
  R: 'recorded on the wire',
  D: 'documented by the vendor',
  S: 'read in the source of a client',
  X: 'derived from several recordings',
  G: 'guessed: something had to be chosen',
};

/** Markdown, the same for the same ledger. */
export function page(ledger: readonly Fact[]): string {
  const areas = [...new Set(ledger.map(({ area }) => area))];
  return `${[
    '# Fidelity of the mock',
    '<!-- Written by `npm run ledger` from test/conformance/ledger.ts. Do not edit. -->',
    intro(ledger),
    summary(ledger),
    ...areas.map(area => `## ${area}\n\n${factTable(ledger.filter(fact => fact.area === area))}`),
    deviations(ledger),
  ].join('\n\n')}\n`;
}

const intro = (ledger: readonly Fact[]) =>
  `What the mock knows about the wire of the GLM chat API: ${ledger.length} facts, how well each is known, where it was found and
which test holds the mock to it. Tags such as ST2, VCR or PI and the sections are those of the API sheet \`glm-api.md\`.
No live call was made for it. Recorded bodies and streams are reproduced byte for byte (\`test/conformance\`), and
\`npm run test:mutation\` alters one fact at a time: at least one test must fail for each.`;

function summary(ledger: readonly Fact[]): string {
  const rows = (Object.keys(marks) as Mark[]).map(mark => {
    const known = ledger.filter(fact => fact.mark === mark);
    const cells = [mark, marks[mark], known.length, known.filter(({ deviation }) => deviation !== undefined).length];
    return row(cells.map(String));
  });
  const all = row(['', 'all', String(ledger.length), String(ledger.filter(({ deviation }) => deviation).length)]);
  return [row(['mark', 'meaning', 'facts', 'with a caveat']), '|---|---|---:|---:|', ...rows, all].join('\n');
}

function factTable(facts: readonly Fact[]): string {
  const rows = facts.map(({ id, mark, fact, source, where, test, deviation }) =>
    row([mark, `${fact}${deviation ? ' †' : ''}`, source, `\`${where}\``, proof(test), `\`${id}\``]),
  );
  return [row(['mark', 'fact', 'source', 'kept in', 'proven by', 'id']), '|---|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}

const proof = (test: Fact['test']) => (test === undefined ? '—' : `\`${test.file}\`: ${test.name}`);

function deviations(ledger: readonly Fact[]): string {
  const rows = ledger
    .filter(({ deviation }) => deviation !== undefined)
    .map(({ id, mark, fact, deviation = '', switch: setting }) =>
      row([`\`${id}\``, mark, fact, deviation, setting === undefined ? '' : `\`${setting}\``]),
    );
  return [
    '## Where we deviate or guess',
    '',
    'Everything marked † above: what was not recorded and had to be chosen, what the mock leaves out, what it does on top.',
    'A setting in the last column changes it.',
    '',
    row(['id', 'mark', 'fact', 'caveat', 'setting']),
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

const row = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
