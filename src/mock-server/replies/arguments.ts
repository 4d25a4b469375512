/** Values that are valid against a JSON Schema and, where it says nothing against it, about what the user asked. */
import { generateSync } from 'json-schema-faker';
import { isObject } from '../../core/json-object.ts';
import { digest, type Random } from '../../core/random.ts';
import { type Schema, tamed } from './schema.ts';
import { entitiesOf, numbersOf } from './topic.ts';

/** What the user's text offers for arguments; entities and numbers are taken in order. */
export interface Hints {
  readonly text: string;
  readonly entities: readonly string[];
  readonly numbers: number[];
}

export const hintsOf = (text: string): Hints => ({ text, entities: entitiesOf(text), numbers: numbersOf(text) });

/** An object for the schema. One that cannot be met, that is none, or that wants no object gives `{}`. */
export function valueFor(schema: unknown, hints: Hints, random: Random): Schema {
  const bounded = isObject(schema) ? tamed(schema) : undefined;
  if (bounded === undefined) return {};
  try {
    const value = generateSync(bounded, { seed: digest(String(random())), alwaysFakeOptionals: true, formats });
    return isObject(value) ? (withHints(value, bounded, hints, '') as Schema) : {};
  } catch {
    // The generator throws on schemas it cannot read or meet; the service would call the tool all the same.
    return {};
  }
}

/** The generator's own durations may say `PT1D`, which is none. */
const formats = { duration: ({ int }: { int(min: number, max: number): number }) => `PT${int(1, 23)}H${int(1, 59)}M` };

function withHints(value: unknown, schema: Schema, hints: Hints, name: string): unknown {
  if (isScalar(schema.default, schema.type)) return schema.default;
  if (typeof value === 'string') return hintedText(value, schema, hints, name);
  if (typeof value === 'number') return hintedNumber(value, schema, hints);
  const { properties } = schema;
  if (!isObject(value) || !isObject(properties) || closed.some(key => key in schema)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const rule = properties[key];
      return [key, isObject(rule) ? withHints(inner, rule, hints, `${key} ${rule.description ?? ''}`) : inner];
    }),
  );
}

const isScalar = (value: unknown, type: unknown) =>
  ['string', 'number', 'boolean'].includes(typeof value) &&
  (type === typeof value || (type === 'integer' && Number.isInteger(value)));

const closed = [
  'enum',
  'const',
  'pattern',
  'format',
  'anyOf',
  'oneOf',
  'allOf',
  'not',
  'if',
  'dependentSchemas',
  'patternProperties',
];
const isOpen = (schema: Schema, type: readonly string[]) =>
  type.includes(String(schema.type)) && !closed.some(key => key in schema);

function hintedText(value: string, schema: Schema, { text, entities }: Hints, name: string): string {
  if (!isOpen(schema, ['string'])) return value;
  const wantsAll = /query|question|keyword|prompt|search|text|content|message|input|问|搜索|内容/i.test(name);
  const hint = wantsAll ? text.trim() : (entities[0] ?? text.trim().slice(0, 60));
  const { minLength = 0, maxLength = 200 } = schema as { minLength?: number; maxLength?: number };
  const length = [...hint].length;
  return hint !== '' && length >= minLength && length <= maxLength ? hint : value;
}

function hintedNumber(value: number, schema: Schema, { numbers }: Hints): number {
  if (!isOpen(schema, ['number', 'integer'])) return value;
  const {
    minimum = -1e15,
    maximum = 1e15,
    exclusiveMinimum = -1e16,
    exclusiveMaximum = 1e16,
    multipleOf,
  } = schema as Record<string, number>;
  const at = numbers.findIndex(
    n =>
      n >= minimum &&
      n <= maximum &&
      n > exclusiveMinimum &&
      n < exclusiveMaximum &&
      multipleOf === undefined &&
      (schema.type === 'number' || Number.isInteger(n)),
  );
  return at < 0 ? value : (numbers.splice(at, 1)[0] ?? value);
}
