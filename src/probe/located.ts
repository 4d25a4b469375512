/** A YAML file as a value that remembers where each of its parts stands. */
import {
  type Alias,
  type Document,
  type ErrorCode,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';

export type Path = readonly PropertyKey[];

export interface Place {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export interface Mistake extends Place {
  readonly message: string;
}

export interface Located {
  readonly value: unknown;
  /** What is wrong with the YAML itself. */
  readonly mistakes: readonly Mistake[];
  /** Where a value stands, or the nearest thing around it that is there. */
  placeOf(path: Path): Place;
  /** Where the key stands that the path ends in. */
  placeOfKey(path: Path): Place;
}

export function locate(text: string): Located {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const startOf = (node: Node | undefined) => placeAt(node?.range?.[0] ?? 0);
  const placeOf: Located['placeOf'] = path => startOf(nearest(document.contents ?? undefined, path));
  const placeOfKey: Located['placeOfKey'] = path => {
    const around = nearest(document.contents ?? undefined, path.slice(0, -1));
    const key = isMap(around) ? keyNode(around.items, String(path.at(-1))) : undefined;
    return key === undefined ? placeOf(path) : startOf(key);
  };
  const mistakes = document.errors.map(({ code, message, pos }) => ({
    message: sayings[code] ?? message,
    ...placeAt(pos[0]),
  }));
  return {
    value: mistakes.length > 0 ? undefined : valueIn(document, mistakes, placeAt),
    mistakes,
    placeOf,
    placeOfKey,
  };
}

/** Where the library's words are for whoever calls it. */
const sayings: Partial<Record<ErrorCode, string>> = {
  DUPLICATE_KEY: 'this key stands here a second time; leave one of them out',
  MULTIPLE_DOCS: 'a second document begins here, and a file may hold one; leave the --- out',
};

/** Aliases are resolved only now, so an unknown one is only found now. */
function valueIn(document: Document, mistakes: Mistake[], placeAt: (offset: number) => Place): unknown {
  const broken = brokenAlias(document);
  const place = placeAt(broken?.range?.[0] ?? 0);
  try {
    const value = document.toJS();
    if (isCircular(value)) mistakes.push({ message: 'an alias stands inside of what it repeats', ...place });
    return value;
  } catch (error) {
    mistakes.push({ message: error instanceof Error ? error.message : String(error), ...place });
    return undefined;
  }
}

/** The first alias that names nothing, or what it stands in. */
function brokenAlias(document: Document): Alias | undefined {
  let broken: Alias | undefined;
  visit(document, {
    Alias: (_, alias, around) => {
      const named = alias.resolve(document);
      if (named !== undefined && !around.includes(named)) return undefined;
      broken = alias;
      return visit.BREAK;
    },
  });
  return broken;
}

/** JSON knows no circles, and neither may whoever walks through the value. */
function isCircular(value: unknown, around: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return around.includes(value) || Object.values(value).some(inner => isCircular(inner, [...around, value]));
}

function nearest(from: Node | undefined, [step, ...rest]: Path): Node | undefined {
  if (step === undefined || !isCollection(from)) return from;
  const inner = from.get(typeof step === 'symbol' ? String(step) : step, true) as Node | undefined;
  return inner === undefined ? from : nearest(inner, rest);
}

const keyNode = (items: readonly Pair[], name: string): Node | undefined =>
  items.map(({ key }) => key).find((key): key is Node => isScalar(key) && String(key.value) === name);
