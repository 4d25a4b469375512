/** Everything that can be known to be wrong with a file before anything is sent, each with its line and column. */
import { accessSync, constants, statSync } from 'node:fs';
import { z } from 'zod';
import { redactText } from '../core/cassette/redaction.ts';
import { systemClock } from '../core/clock.ts';
import { inWords } from '../core/config/words.ts';
import { readText } from '../core/config.ts';
import { UsageError } from '../core/errors.ts';
import { checkKinds, type ProbeConfig, probeSchema } from './config.ts';
import { type Defect, type DefectCode, type Report, reporter } from './defect.ts';
import { doubtsOf, type Surroundings } from './doubts/index.ts';
import type { Estimate } from './estimate.ts';
import { type Located, locate, type Path } from './located.ts';
import { suggestion } from './suggest.ts';

export interface Validation {
  /** Undefined when the file has the wrong shape. */
  readonly config: ProbeConfig | undefined;
  readonly defects: readonly Defect[];
  readonly estimates: readonly Estimate[];
}

export type ValidateOptions = Omit<Surroundings, 'fileExists' | 'textAt'> &
  Partial<Pick<Surroundings, 'fileExists' | 'textAt'>>;

/** Doubts a config's text. Looks at the environment and whether files exist, reads only certificates, sends nothing. */
export function validate(text: string, options: ValidateOptions): Validation {
  const located = locate(text);
  const broken = located.mistakes.map(
    ({ message, line, column }): Defect => ({
      severity: 'error',
      code: 'bad_yaml',
      key: '',
      message,
      line,
      column,
    }),
  );
  if (broken.length > 0) return { config: undefined, defects: broken, estimates: [] };
  const { config, defects, isWhole } = shapeOf(located);
  const secrets = literalSecrets(located);
  if (config === undefined) return { config, defects: inOrder([...defects, ...secrets]), estimates: [] };
  const doubts = doubtsOf(config, located, { fileExists: isReadable, sizeAt, textAt: readText, ...options });
  const told = doubts.defects.filter(doubt => !isIdle(doubt, defects, secrets));
  if (!isWhole) {
    const sure = told.filter(({ code }) => isSure(code, defects));
    return { config: undefined, defects: causesFirst([...defects, ...secrets], sure), estimates: [] };
  }
  return { config, ...doubts, defects: causesFirst([...defects, ...secrets], told) };
}

/** What repeats a secret that stands in the place of a name, or misses a budget that is there and cannot be read. */
const isIdle = ({ code, key }: Defect, shape: readonly Defect[], secrets: readonly Defect[]) =>
  secrets.some(secret => secret.key === key) ||
  (code === 'no_budget' && shape.some(one => /^credentials\..*\.budget\b/.test(one.key)));

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return !statSync(path).isDirectory();
  } catch {
    // Whatever stands in the way, it cannot be read.
    return false;
  }
}

function sizeAt(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() ? found.size : undefined;
}

/** Reads a file that has to be without errors. @throws {UsageError} `bad_config` with all of them, `no_file` */
export function readProbeFile(path: string, { env, sealed }: Pick<ValidateOptions, 'env' | 'sealed'>): ProbeConfig {
  const { config, defects } = validate(readText(path), { env, sealed, nowMs: systemClock.wall() });
  const errors = defects.filter(({ severity }) => severity === 'error');
  if (errors.length > 0 || config === undefined)
    throw new UsageError(
      'bad_config',
      errors
        .map(defect => `\n  ${lineOf(path, defect)}`)
        .join('')
        .trimStart(),
    );
  return config;
}

/** `probe.yaml:3:5: checks[0].kind: must be …` */
export const lineOf = (path: string, { line, column, key, message }: Defect): string =>
  `${path}:${line}:${column}: ${key === '' ? '' : `${key}: `}${message}`;

/** What follows from a key that could not be read comes after it. */
function causesFirst(causes: readonly Defect[], doubts: readonly Defect[]): Defect[] {
  if (!causes.some(({ code }) => code === 'unknown_key' || code === 'bad_value'))
    return inOrder([...causes, ...doubts]);
  const first = inOrder(causes);
  return [...first, ...inOrder(doubts.filter(doubt => !first.some(cause => sameAs(cause, doubt))))];
}

/** From top to bottom, each thing once: several checks may stumble over one line, and a secret has a place and a shape. */
const inOrder = (defects: readonly Defect[]) =>
  defects
    .filter((one, at) => defects.findIndex(other => sameAs(one, other)) === at)
    .sort((a, b) => a.line - b.line || a.column - b.column || a.message.localeCompare(b.message));

const sameAs = (one: Defect, other: Defect) =>
  one.code === other.code &&
  one.key === other.key &&
  (one.code === 'literal_secret' || one.message === other.message || perCheck.has(one.code));

/** Said of a line once, although every target and model stumbles over it. */
const perCheck: ReadonlySet<DefectCode> = new Set(['duplicate_id', 'objective_too_fine', 'interval_too_short']);

interface Shape extends Pick<Validation, 'config' | 'defects'> {
  /** False: values that could not be read are missing in the config. */
  readonly isWhole: boolean;
}

function shapeOf(located: Located): Shape {
  const defects: Defect[] = [];
  const report = reporter(located, defects);
  const value = located.value ?? {};
  const first = probeSchema.safeParse(value, { reportInput: true, error: words });
  if (first.success) return { config: first.data, defects, isWhole: true };
  for (const issue of first.error.issues.flatMap(toldOf)) tell(issue, report);
  // A misspelt key or a secret must not hide what is wrong with the rest.
  const rest = without(value, first.error.issues.flatMap(unknownKeys));
  for (const { path } of first.error.issues.flatMap(leaves).filter(isSecret)) put(rest, path, { command: ['…'] });
  // Nor must a wrong word: what was meant, or any other, stands in for it.
  for (const issue of first.error.issues.flatMap(leaves))
    if (issue.code === 'invalid_value' && issue.input !== undefined && issue.path.length > 0) {
      // Named as it was meant: another check may be what stands in for it.
      if (isKindOfCheck(issue.path)) put(rest, [...issue.path.slice(0, -1), 'name'], nameOf(rest, issue));
      put(rest, issue.path, standIn(issue));
    }
  const again = probeSchema.safeParse(rest);
  if (again.success) return { config: again.data, defects, isWhole: true };
  return { config: readablePart(rest), defects, isWhole: false };
}

/** Nor must a wrong value: its key goes, or what cannot be without it; what others name gets something in its place. */
function readablePart(value: unknown, rounds = 5): ProbeConfig | undefined {
  const { data, error } = probeSchema.safeParse(value, { reportInput: true });
  if (error === undefined || rounds === 0) return data;
  const rest: unknown = structuredClone(value);
  for (const { path, input } of error.issues) patch(rest, path, input === undefined);
  return readablePart(rest, rounds - 1);
}

function patch(rest: unknown, path: Path, isMissing: boolean): void {
  const [section, name, key] = path;
  const fill = fillings[String(section)];
  if (fill !== undefined && name !== undefined && (key === undefined || key in fill(undefined))) {
    const place = [section as string, name];
    const found = around(rest, [...place, '']);
    const given = typeof found === 'object' ? (without(found, [path.slice(2, 3)]) as Around) : {};
    return put(rest, place, { ...fill(found), ...given });
  }
  // An entry of a list that goes would give its place to the next.
  const whole = path.slice(0, isMissing ? -1 : undefined);
  const at = whole.findLastIndex(step => typeof step === 'string');
  if (at >= 0) delete around(rest, whole.slice(0, at + 1))?.[whole[at] as PropertyKey];
}

const someSecret = { command: ['…'] };

/** What stands for the keys that an entry cannot be without. */
const fillings: Readonly<Record<string, (found: unknown) => Around>> = {
  credentials: () => ({ key: someSecret }),
  targets: () => ({ url: 'http://localhost' }),
  checks: found => ({ kind: checkKinds.find(kind => kind === found) ?? 'chat', enabled: false }),
  notifications: () => ({ kind: 'webhook', url: someSecret }),
};

/** What is wrong whatever stands in the place of a value that could not be read. */
const standing: ReadonlySet<DefectCode> = new Set([
  'missing_secret',
  'missing_file',
  'bad_certificate',
  'unknown_name',
  'bad_schedule',
  'bad_regex',
  'no_budget',
  'duplicate_id',
  'open_exporter',
]);

/** What is wrong unless one of these keys could not be read. */
const hanging: Partial<Record<DefectCode, readonly string[]>> = {
  no_model: ['model'],
  max_tokens_too_low: ['model', 'max_tokens', 'thinking'],
  threshold_not_a_bucket: ['slo', 'buckets'],
  objective_too_fine: ['slo', 'interval', 'cron', 'timezone'],
  interval_too_short: ['interval', 'cron', 'timezone', 'deadlines', 'confirm'],
  ambiguous_time: ['maintenance'],
};

const isSure = (code: DefectCode, unread: readonly Defect[]) =>
  standing.has(code) ||
  (hanging[code]?.every(word => !unread.some(({ key }) => key.split(/\W+/).includes(word))) ?? false);

type Issue = z.core.$ZodIssue;

/** What is nothing like any branch of a union is told in the union's own words, where it has some. */
const toldOf = (issue: Issue): Issue[] =>
  issue.code === 'invalid_union' && issue.message !== '' && issue.errors.every(isAlien) ? [issue] : leaves(issue);

const isAlien = (branch: readonly Issue[]) =>
  branch.some(({ code, path }) => path.length === 0 && wrongAtAll.has(code));

/** The issues of a union are those of the branch that came closest. */
function leaves(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const closest = [...issue.errors].sort((a, b) => weightOf(a) - weightOf(b))[0];
  if (closest === undefined || closest.length === 0) return [issue];
  return closest.flatMap(inner => leaves({ ...inner, path: [...issue.path, ...inner.path] } as Issue));
}

/** A branch of another type is further off than one with a wrong key. */
const weightOf = (issues: readonly Issue[]) =>
  issues.reduce((sum, { code, path }) => sum + (path.length === 0 && wrongAtAll.has(code) ? 100 : 1), 0);

const wrongAtAll: ReadonlySet<Issue['code']> = new Set(['invalid_type', 'invalid_value']);

function tell(issue: Issue, report: Report): void {
  if (issue.code === 'invalid_key')
    return report('bad_value', issue.path, `this name ${issue.issues[0]?.message}`, { key: true });
  if (issue.code !== 'unrecognized_keys') return report(...described(issue));
  const known = keysAt(issue.path);
  for (const key of issue.keys) {
    const message = known.includes(key)
      ? 'does not go together with the other keys here'
      : `unknown key${suggestion(key, known)}`;
    report('unknown_key', [...issue.path, key], message, { key: true });
  }
}

function described(issue: Issue): [DefectCode, Path, string] {
  const { path, message } = issue;
  if (isSecret(issue)) return ['literal_secret', path, message];
  if (issue.code.startsWith('invalid') && issue.input === undefined) return ['bad_value', path, 'is missing'];
  const near = suggestion(String(issue.input), wordsOf(issue));
  if (issue.code !== 'invalid_value') return ['bad_value', path, `${message}${near}`];
  // A list that nobody reads to its end hides the word that was meant.
  const short =
    issue.values.length > 20 && near !== '' ? `is none of the ${issue.values.length} words for it` : message;
  return ['bad_value', path, `${short}${near}`];
}

/** What may be written there, word by word. */
function wordsOf(issue: Issue): string[] {
  if (issue.code === 'invalid_union') return issue.errors.flat().flatMap(wordsOf);
  return issue.code === 'invalid_value' ? issue.values.map(String) : [];
}

/** The words of all rooms, with examples, for nothing here is a flag. A union that has none is told by a branch of it. */
function words(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_union') return '';
  if (issue.code === 'too_small') return issue.origin === 'string' ? 'is empty' : 'is empty: say at least one';
  const shape = issue.code === 'invalid_type' ? shapes[issue.expected] : undefined;
  return shape === undefined ? inWords(issue) : `must be ${shape}`;
}

const shapes: Readonly<Record<string, string>> = {
  array: 'a list, as in [a, b]',
  object: 'keys with values, as in { key: value }',
  record: 'keys with values, as in { key: value }',
};

const standIn = ({ input, values }: Extract<Issue, { code: 'invalid_value' }>) =>
  values.find(value => suggestion(String(input), [String(value)]) !== '') ?? values[0];

const isKindOfCheck = (path: Path) => path.length === 3 && path[0] === 'checks' && path[2] === 'kind';

const nameOf = (rest: unknown, { path, input, values }: Extract<Issue, { code: 'invalid_value' }>) =>
  around(rest, path)?.name ?? (suggestion(String(input), values.map(String)) === '' ? input : undefined);

const isSecret = ({ message }: Issue) => message.startsWith('a secret may not');

const unknownKeys = (issue: Issue): Path[] =>
  leaves(issue).flatMap(leaf => (leaf.code === 'unrecognized_keys' ? leaf.keys.map(key => [...leaf.path, key]) : []));

function without(value: unknown, paths: readonly Path[]): unknown {
  const copy: unknown = structuredClone(value);
  for (const path of paths) delete around(copy, path)?.[path.at(-1) as PropertyKey];
  return copy;
}

const put = (value: unknown, path: Path, what: unknown) => {
  const inner = around(value, path);
  if (inner !== undefined) inner[path.at(-1) as PropertyKey] = what;
};

/** Undefined where it has gone already. */
const around = (value: unknown, path: Path) =>
  path.slice(0, -1).reduce<Around | undefined>((inner, step) => inner?.[step] as Around | undefined, value as Around);

type Around = Record<PropertyKey, unknown>;

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** JSON Schema of the file, for editors. */
export const fileSchema = () => z.toJSONSchema(probeSchema, { io: 'input', unrepresentable: 'any' });

/** Keys that are allowed at a place. */
function keysAt(path: Path): string[] {
  let at: readonly JsonSchema[] = [fileSchema() as JsonSchema];
  for (const step of path) at = at.flatMap(schema => stepInto(schema, step));
  return at.flatMap(branches).flatMap(({ properties = {} }) => Object.keys(properties));
}

const branches = (schema: JsonSchema): readonly JsonSchema[] => schema.anyOf?.flatMap(branches) ?? [schema];

const stepInto = (schema: JsonSchema, step: PropertyKey): JsonSchema[] =>
  branches(schema).flatMap(({ properties, additionalProperties, items }) => {
    const inner = typeof step === 'number' ? items : (properties?.[String(step)] ?? additionalProperties);
    return typeof inner === 'object' ? [inner] : [];
  });

/** Texts with the shape of a credential, anywhere in the file. What was found is never repeated. */
function literalSecrets(located: Located): Defect[] {
  const defects: Defect[] = [];
  const report = reporter(located, defects);
  const visit = (value: unknown, path: Path): void => {
    if (typeof value === 'string' && looksSecret(value))
      report(
        'literal_secret',
        path,
        'looks like a secret; take it from { env: NAME }, { file: PATH } or { command: […] }',
      );
    if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value))
        visit(inner, [...path, Array.isArray(value) ? Number(key) : key]);
  };
  visit(located.value, []);
  return defects;
}

const looksSecret = (text: string) =>
  redactText(text) !== text || /\bsk-[\w-]{16,}/.test(text) || /\b[0-9a-f]{32}\.\w{8,}/i.test(text);
