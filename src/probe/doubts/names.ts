/** Names: those that point to something in the same file, and those that have to be unique. */
import { models as chatModels } from '../../core/wire/models.ts';
import { credentialOf } from '../endpoint.ts';
import type { Path } from '../located.ts';
import { suggestion } from '../suggest.ts';
import { type Doubt, saidAt } from './doubt.ts';

/** Names that point to something in the same file. */
export const names: Doubt = ({ config }, report) => {
  const targets = Object.keys(config.targets);
  const credentials = Object.keys(config.credentials);
  const known = (path: Path, words: readonly string[] | undefined, list: readonly string[], what: string) => {
    for (const [at, word] of (words ?? []).entries())
      if (!list.includes(word))
        report('unknown_name', [...path, at], `there is no ${what} of this name${suggestion(word, list)}`);
  };
  const checkNames = config.checks.map(({ name, kind }) => name ?? kind);
  for (const [at, check] of config.checks.entries()) known(['checks', at, 'targets'], check.targets, targets, 'target');
  for (const [at, one] of config.maintenance.entries()) {
    known(['maintenance', at, 'targets'], one.targets, targets, 'target');
    known(['maintenance', at, 'checks'], one.checks, checkNames, 'check');
  }
  for (const [at, one] of config.notifications.entries())
    known(['notifications', at, 'targets'], one.targets, targets, 'target');
  for (const [name, target] of Object.entries(config.targets)) {
    const used = credentialOf(target, config);
    const path = ['targets', name, 'credential'];
    if (used === undefined) report('unknown_name', path, 'is missing, and there is not exactly one credential to take');
    else if (!credentials.includes(used))
      report('unknown_name', path, `there is no credential of this name${suggestion(used, credentials)}`);
  }
};

/** Two checks of one id would be one in every metric. */
export const identities: Doubt = ({ outlines }, report) => {
  const first = new Map<string, number>();
  for (const { id, index, config } of outlines) {
    const before = first.get(id);
    if (before === undefined) first.set(id, index);
    else
      report(
        'duplicate_id',
        ['checks', index, config.name === undefined ? 'kind' : 'name'],
        `${id} is also what checks[${before}] makes; give one of them a name`,
      );
  }
};

/** A new model is nothing to doubt, but one that only lacks the dots and hyphens of one that is known is. */
export const spellings: Doubt = ({ config, outlines }, report) => {
  for (const outline of outlines) {
    const meant = chatModels.find(({ id }) => bare(id) === bare(outline.model))?.id;
    if (meant === undefined || meant === outline.model.toLowerCase()) continue;
    const message = `${outline.model} is no model that is known here; did you mean ${meant}?`;
    report('unknown_name', saidAt(config, outline, 'model'), message, { warning: true });
  }
};

const bare = (model: string) => model.toLowerCase().replaceAll(/[^a-z\d]/g, '');

export const models: Doubt = ({ config, outlines }, report) => {
  const targets = Object.keys(config.targets);
  if (targets.length === 0) report('no_target', ['targets'], 'is empty: say at least one target');
  for (const [index, check] of config.checks.entries())
    if (
      check.enabled &&
      (check.targets ?? targets).some(name => targets.includes(name)) &&
      !outlines.some(outline => outline.index === index)
    )
      report('no_model', ['checks', index], 'has no model: say one here, for its target or in defaults');
};
