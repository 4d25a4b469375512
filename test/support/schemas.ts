/** JSON Schemas as tool parameters have them: each can be met, because it is grown together with its meaning. */
import fc from 'fast-check';

export type Schema = Readonly<Record<string, unknown>>;

const names = [
  ...['city', 'query', 'unit', 'count', 'date', 'name', '城市', 'user_id', 'limit'],
  // Names that are keywords where a schema stands: a parameter may be called `pattern`.
  ...[
    'pattern',
    'minLength',
    'maxItems',
    'type',
    'properties',
    'items',
    'required',
    'enum',
    'default',
    '$ref',
    'format',
  ],
];

const range = (low: number, high: number) =>
  fc.tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high })).map(([a, b]) => ({
    least: Math.min(a, b),
    most: Math.max(a, b),
  }));

const describe = fc.option(fc.constantFrom('the city', 'what to search for', '搜索内容'), { nil: undefined });

const text: fc.Arbitrary<Schema> = fc.oneof(
  fc.constant({ type: 'string' }),
  describe.map(description => ({ type: 'string', ...(description && { description }) })),
  range(0, 40).map(({ least, most }) => ({ type: 'string', minLength: least, maxLength: most })),
  fc
    .uniqueArray(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 4 })
    .map(list => ({ type: 'string', enum: list })),
  fc
    .constantFrom('date', 'date-time', 'time', 'email', 'uri', 'uuid', 'ipv4', 'ipv6', 'hostname', 'duration')
    .map(format => ({
      type: 'string',
      format,
    })),
  fc
    .constantFrom(
      '^[a-z]{2,8}$',
      '^\\d{4}-\\d{2}-\\d{2}$',
      '^(cn|us)-[A-Z]{3}$',
      '^[\\u4e00-\\u9fa5]{1,4}$',
      '^\\+?[0-9]{6,12}$',
      '[a-f0-9]+',
      '^#[0-9a-fA-F]{6}$',
      '^[\\w.-]+@[a-z]+\\.com$',
      '^\\S+$',
    )
    .map(pattern => ({ type: 'string', pattern })),
  fc.string({ maxLength: 8 }).map(value => ({ const: value })),
  fc.string({ maxLength: 8 }).map(value => ({ type: 'string', default: value })),
);

const number: fc.Arbitrary<Schema> = fc.oneof(
  fc.constantFrom<Schema>({ type: 'integer' }, { type: 'number' }),
  fc.tuple(fc.constantFrom('integer', 'number'), range(-1000, 1000)).map(([type, { least, most }]) => ({
    type,
    minimum: least,
    maximum: most,
  })),
  range(-1000, 1000).map(({ least, most }) => ({
    type: 'integer',
    exclusiveMinimum: least - 1,
    exclusiveMaximum: most + 1,
  })),
  fc.tuple(fc.integer({ min: 1, max: 50 }), range(-10, 10)).map(([step, { least, most }]) => ({
    type: 'integer',
    multipleOf: step,
    minimum: least * step,
    maximum: most * step,
  })),
  fc.integer().map(value => ({ const: value })),
  fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 3 }).map(list => ({ enum: list })),
);

const leaf: fc.Arbitrary<Schema> = fc.oneof(
  text,
  number,
  fc.constantFrom<Schema>({ type: 'boolean' }, { type: 'null' }),
  fc.constant({
    type: ['string', 'null'],
  }),
);

/** Kinds of values that no two schemas share, for `oneOf`. */
const apart = fc
  .shuffledSubarray<Schema>(
    [
      { type: 'string' },
      { type: 'integer' },
      { type: 'boolean' },
      { type: 'null' },
      { type: 'array', items: { type: 'string' } },
    ],
    { minLength: 2, maxLength: 3 },
  )
  .map(list => ({ oneOf: list }));

const refs: fc.Arbitrary<Schema> = fc.constantFrom({ $ref: '#/$defs/place' }, { $ref: '#/$defs/level' });

const any: fc.Arbitrary<Schema> = fc.letrec<{
  any: Schema;
  object: Schema;
  array: Schema;
  union: Schema;
  both: Schema;
}>(tie => ({
  any: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'schema' },
    leaf,
    tie('object'),
    tie('array'),
    tie('union'),
    tie('both'),
    apart,
    refs,
  ),
  object: objectOf(tie('any')),
  array: fc.oneof(
    fc
      .tuple(tie('any'), range(0, 4))
      .map(([items, { least, most }]) => ({ type: 'array', items, minItems: least, maxItems: most })),
    fc.constant({ type: 'array', items: { type: 'integer' }, uniqueItems: true, minItems: 2, maxItems: 4 }),
    tie('any').map(items => ({ type: 'array', items })),
  ),
  union: fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map(list => ({ anyOf: list })),
  both: fc.tuple(leaf, leaf).map(([a, b]) => ({
    allOf: [
      { type: 'object', properties: { first: a }, required: ['first'] },
      { type: 'object', properties: { second: b }, required: ['second'] },
    ],
  })),
})).any;

function objectOf(inner: fc.Arbitrary<Schema>): fc.Arbitrary<Schema> {
  return fc
    .record({
      properties: fc.dictionary(fc.constantFrom(...names), inner, { maxKeys: 4, noNullPrototype: true }),
      open: fc.boolean(),
      share: fc.nat(4),
    })
    .map(({ properties, open, share }) => ({
      type: 'object',
      properties,
      required: Object.keys(properties).slice(0, share),
      ...(open ? {} : { additionalProperties: false }),
    }));
}

const $defs = {
  place: {
    type: 'object',
    properties: { city: { type: 'string', minLength: 1 } },
    required: ['city'],
    additionalProperties: false,
  },
  level: { enum: ['low', 'high'] },
};

/** The parameters of a function. */
export const parameters: fc.Arbitrary<Schema> = objectOf(any).map(schema => ({ ...schema, $defs }));
