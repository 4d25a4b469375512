import { templateFields, templatePlace } from '../notify/bodies.ts';
import { suggestion } from '../suggest.ts';
import type { Doubt } from './doubt.ts';

/** Two channels of one name would be one queue, and one of them would hear nothing. */
export const channels: Doubt = ({ config }, report) => {
  const called = config.notifications.map(({ name, kind }) => name ?? kind);
  for (const [at, name] of called.entries()) {
    const before = called.indexOf(name);
    if (before === at) continue;
    const key = config.notifications[at]?.name === undefined ? 'kind' : 'name';
    const message = `${name} is also what notifications[${before}] is called; give one of them a name`;
    report('duplicate_id', ['notifications', at, key], message);
  }
};

/** Words of one's own in which a place is misspelt, or that no receiver of JSON can read. */
export const templates: Doubt = ({ config }, report) => {
  for (const [at, { template }] of config.notifications.entries()) {
    if (template === undefined) continue;
    const path = ['notifications', at, 'template'];
    for (const [place, name = ''] of template.matchAll(templatePlace))
      if (!templateFields.some(field => field === name))
        report('unknown_name', path, `nothing is called ${place}${suggestion(name, templateFields)}`);
    if (!isJson(template.replace(templatePlace, 'x')) && !isJson(template.replace(templatePlace, '1')))
      report('bad_value', path, 'is no JSON when its places are filled; put them inside quotes');
  }
};

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // That is the answer.
    return false;
  }
}
