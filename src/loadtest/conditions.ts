/** What two runs had not in common, apart from their results: a sentence each, because it may be the true difference. */
import type { LoadResult } from './result.ts';
import { writtenSettings } from './written.ts';

/** Warnings in the order of their weight. */
export function conditionsApart(a: LoadResult, b: LoadResult): string[] {
  const config = changes(settingsOf(a), settingsOf(b));
  const machine = changes(plain(a.environment), plain(b.environment));
  return [
    ...doubtsOf('a', a),
    ...doubtsOf('b', b),
    ...config.map(change => said('', change)),
    ...(a.tool_version === b.tool_version ? [] : [`measured by glm-testkit ${a.tool_version} and ${b.tool_version}`]),
    ...machine.map(change => said('environment ', change)),
    ...schedulesApart(a, b, config.length > 0),
  ];
}

function doubtsOf(name: string, { validity, doubts }: LoadResult): string[] {
  return validity === 'VALID'
    ? []
    : [`${name} is ${validity}: ${doubts.length > 0 ? doubts.join('; ') : 'it does not say why'}`];
}

/** Settings that judge or show a run, but do not change it. */
const aftermath = /^(thresholds?|slo|seed|out|json|ui|junit|summary|as|prom|push|metrics_?port)$/i;

const settingsOf = ({ config }: LoadResult) =>
  writtenSettings(Object.fromEntries(Object.entries(config).filter(([name]) => !aftermath.test(name))));

const plain = (values: object) => new Map(Object.entries(values).map(([name, value]) => [name, String(value)]));

interface SettingChange {
  readonly key: string;
  readonly a: string | undefined;
  readonly b: string | undefined;
}

function changes(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): SettingChange[] {
  const keys = [...new Set([...a.keys(), ...b.keys()])];
  return keys.map(key => ({ key, a: a.get(key), b: b.get(key) })).filter(change => change.a !== change.b);
}

const said = (prefix: string, { key, a, b }: SettingChange) =>
  `${prefix}${key} differs: ${shown(a)} in a, ${shown(b)} in b`;

const shown = (value: string | undefined) => {
  if (value === undefined) return 'nothing';
  return value.length > 60 ? `${value.slice(0, 59)}…` : value;
};

function schedulesApart(a: LoadResult, b: LoadResult, explained: boolean): string[] {
  if (a.seed !== b.seed) return [`seeds differ, ${a.seed} and ${b.seed}: other moments and other prompts`];
  if (a.schedule_hash === b.schedule_hash || explained) return [];
  return ['the schedules differ, although seed and settings are the same'];
}
