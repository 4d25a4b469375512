/**
 * A JSON Schema as the generator can take it: references written out, recursion ended where the schema allows it, and no
 * demand that would take unreasonable time or memory. Whoever sends tools to a mock may send any schema.
 */
import { isObject } from '../../core/json-object.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** The schema, tamed; undefined when nothing finite can meet it. */
export function tamed(schema: Schema): Schema | undefined {
  const done = bound(schema, { root: schema, budget: { nodes: 0 }, refs: [], depth: 0, room: 2000 });
  return isObject(done) ? done : undefined;
}

/** Where in a schema we are, and what may still be spent. */
interface Place {
  readonly root: Schema;
  readonly budget: { nodes: number };
  /** References that were followed to come here. */
  readonly refs: readonly string[];
  readonly depth: number;
  /** How many values this place may still ask for: lists of lists multiply. */
  readonly room: number;
}

const most = { nodes: 20_000, depth: 24, sameRef: 2, items: 50, length: 2000, pattern: 2000 } as const;

/** A tamed schema, or undefined where it must not be followed further. */
function bound(schema: unknown, place: Place): unknown {
  const { budget, depth } = place;
  if (!isObject(schema)) return schema;
  if (++budget.nodes > most.nodes || depth > most.depth) return undefined;
  if (typeof schema.$ref === 'string') return follow(schema.$ref, schema, place);
  const inner = { ...place, depth: depth + 1 };
  const made: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    const kept = keyword(key, value, schema, inner);
    if (kept === stopped) return undefined;
    if (kept !== undefined) made[key] = kept;
  }
  return schema.items === undefined && schema.contains === undefined ? made : withItems(made, schema, inner);
}

/** The target in place of its reference; what stands beside it is kept, as `description` often does. */
function follow(ref: string, schema: Schema, place: Place): unknown {
  if (place.refs.filter(seen => seen === ref).length >= most.sameRef) return undefined;
  const target = lookUp(ref, place.root);
  const { $ref: _, ...beside } = schema;
  const whole = isObject(target) ? { ...target, ...beside } : beside;
  return bound(whole, { ...place, refs: [...place.refs, ref], depth: place.depth + 1 });
}

/** The place a local JSON pointer names. */
function lookUp(ref: string, root: Schema): unknown {
  if (ref === '#') return root;
  if (!ref.startsWith('#/')) return undefined;
  let at: unknown = root;
  for (const part of ref.slice(2).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Schema)[name];
  }
  return at;
}

/** Said by a keyword without which the whole schema cannot be met. */
const stopped = Symbol('stopped');

/** The tamed value of one keyword; undefined leaves it out. */
function keyword(key: string, value: unknown, schema: Schema, place: Place): unknown {
  switch (key) {
    case '$defs':
    case 'definitions':
    case 'items':
    case 'contains':
      return undefined; // written out where they are named; see withItems
    case 'properties':
      return isObject(value) ? properties(value, schema.required, place) : undefined;
    case 'patternProperties':
    case 'dependentSchemas':
      return isObject(value) ? each(value, place) : undefined;
    case 'anyOf':
    case 'oneOf':
      return Array.isArray(value) ? alternatives(value, place) : undefined;
    case 'allOf':
      return Array.isArray(value) ? list(value, place) : undefined;
    case 'pattern':
      return typeof value === 'string' ? pattern(value) : undefined;
    case 'minLength':
    case 'maxLength':
      return typeof value === 'number' ? Math.min(value, most.length * (key === 'minLength' ? 1 : 2)) : undefined;
    case 'minItems':
    case 'maxItems':
    case 'minContains':
    case 'minProperties':
    case 'maxProperties':
      return typeof value === 'number' ? Math.min(value, most.items, place.room) : undefined;
    case 'not':
    case 'if':
    case 'then':
    case 'else':
    case 'additionalProperties':
    case 'propertyNames':
      return bound(value, place);
    default:
      return value;
  }
}

/** A property that leads nowhere is left out, unless it is required: then neither can the object be. */
function properties(all: Schema, required: unknown, place: Place): Schema | typeof stopped {
  const needed = new Set<unknown>(Array.isArray(required) ? required : []);
  const kept: [string, unknown][] = [];
  for (const [name, schema] of Object.entries(all)) {
    const done = bound(schema, place);
    if (done !== undefined) kept.push([name, done]);
    else if (needed.has(name)) return stopped;
  }
  return Object.fromEntries(kept);
}

function each(all: Schema, place: Place): Schema {
  const kept = Object.entries(all).map(([name, schema]) => [name, bound(schema, place)] as const);
  return Object.fromEntries(kept.filter(([, schema]) => schema !== undefined));
}

const list = (all: readonly unknown[], place: Place) =>
  all.map(schema => bound(schema, place)).filter(schema => schema !== undefined);

function alternatives(all: readonly unknown[], place: Place): readonly unknown[] | typeof stopped {
  const kept = list(all, place);
  return kept.length === 0 && all.length > 0 ? stopped : kept;
}

/** Lists share what room there is among their items; one whose items lead nowhere stays empty if it may. */
function withItems(made: Record<string, unknown>, schema: Schema, place: Place): Schema | undefined {
  const least = Number(made.minItems ?? made.minContains ?? (schema.contains === undefined ? 0 : 1));
  const few = Math.max(least, Math.min(3, place.room));
  const inner = { ...place, room: Math.max(1, Math.floor(place.room / few)) };
  for (const key of ['items', 'contains'] as const) {
    if (schema[key] === undefined) continue;
    const done = bound(schema[key], inner);
    if (done === undefined && least > 0) return undefined;
    if (done !== undefined) made[key] = done;
  }
  return { ...made, maxItems: made.items === undefined && schema.items !== undefined ? 0 : (made.maxItems ?? few) };
}

/** The pattern, if it compiles and asks for no towers; undefined demands nothing. */
function pattern(text: string): string | undefined {
  if (text.length > 200 || longest(text) > most.pattern) return undefined;
  try {
    new RegExp(text);
  } catch {
    // Not a regular expression: then it demands nothing.
    return undefined;
  }
  // The generator takes `\u4e00` for the letter u.
  return text.replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => escaped(String.fromCharCode(Number.parseInt(hex, 16))));
}

const escaped = (char: string) => (/[\\^$.*+?()[\]{}|/-]/.test(char) ? `\\${char}` : char);

const parts = /\\.|\[(?:\\.|[^\]\\])*\]|\(\?<?[:=!]|[()]|[*+?]|\{(\d+)(?:,(\d*))?\}|./gs;

/** About how long a text the pattern may ask for: repetitions of repetitions multiply. */
function longest(text: string): number {
  const outer: number[] = [];
  let sum = 0;
  let last = 0; // length of the part before a repetition
  for (const [part, low, high] of text.matchAll(parts)) {
    if (part.startsWith('(')) {
      outer.push(sum);
      sum = 0;
      last = 0;
    } else if (part === ')') {
      last = sum;
      sum += outer.pop() ?? 0;
    } else {
      const times = part === '*' || part === '+' ? 5 : low === undefined ? undefined : Number(high || low);
      if (times === undefined) last = part === '?' ? last : 1;
      sum += times === undefined ? (part === '?' ? 0 : 1) : last * (times - 1);
      last *= times ?? 1;
    }
  }
  return sum;
}
