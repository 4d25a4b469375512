/** Values that are valid against a JSON Schema and, where it says nothing against it, about what the user asked. */
import { generateSync } from 'json-schema-faker';
import { digest, type Random } from '../../core/random.ts';
import { entitiesOf, numbersOf } from './topic.ts';

type Schema = Readonly<Record<string, unknown>>;

/** What the user's text offers for arguments; entities and numbers are taken in order. */
export interface Hints {
  readonly text: string;
  readonly entities: readonly string[];
  readonly numbers: number[];
}

export const hintsOf = (text: string): Hints => ({ text, entities: entitiesOf(text), numbers: numbersOf(text) });

/** A value for the schema. A schema that cannot be met, or is none, gives `{}`. */
export function valueFor(schema: unknown, hints: Hints, random: Random): unknown {
  if (!isObject(schema)) return {};
  try {
    const bounded = bound(schema, 0) as Schema;
    const value = generateSync(bounded, { seed: digest(String(random())), alwaysFakeOptionals: true }) ?? {};
    return withHints(value, bounded, hints, '');
  } catch {
    // The generator throws on schemas it cannot read or meet; the service would call the tool all the same.
    return {};
  }
}

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const limits: Readonly<Record<string, number>> = {
  minLength: 2000,
  maxLength: 4000,
  minItems: 50,
  maxItems: 50,
  minProperties: 50,
  maxProperties: 50,
  minContains: 20,
};

/** The schema without demands that would take unreasonable time or memory. */
function bound(schema: unknown, depth: number): unknown {
  if (depth > 24) return {};
  if (Array.isArray(schema)) return schema.map(item => bound(item, depth + 1));
  if (!isObject(schema)) return schema;
  const entries = Object.entries(schema).flatMap(([key, value]): [string, unknown][] => {
    if (key === 'pattern') return typeof value === 'string' && isTame(value) ? [[key, value]] : [];
    const limit = limits[key];
    if (limit !== undefined && typeof value === 'number') return [[key, Math.min(value, limit)]];
    return [[key, bound(value, depth + 1)]];
  });
  return Object.fromEntries(entries);
}

/** A pattern that compiles, is short, and repeats nothing more than 100 times. */
function isTame(pattern: string): boolean {
  if (
    pattern.length > 200 ||
    [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].some(([, low, high]) => Number(high || low) > 100)
  )
    return false;
  try {
    new RegExp(pattern, 'u');
    return true;
  } catch {
    // Not a regular expression: then it demands nothing.
    return false;
  }
}

function withHints(value: unknown, schema: Schema, hints: Hints, name: string): unknown {
  if (schema.default !== undefined && typeof schema.default === schema.type) return schema.default;
  if (typeof value === 'string') return hintedText(value, schema, hints, name);
  if (typeof value === 'number') return hintedNumber(value, schema, hints);
  const { properties } = schema;
  if (!isObject(value) || !isObject(properties)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const rule = properties[key];
      return [key, isObject(rule) ? withHints(inner, rule, hints, `${key} ${rule.description ?? ''}`) : inner];
    }),
  );
}

const closed = ['enum', 'const', 'pattern', 'format', 'anyOf', 'oneOf', 'allOf', 'not', 'if', '$ref'];
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
