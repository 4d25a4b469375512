/** Parameters that nobody should send, and somebody will: the mock must answer soon, with JSON. */

const laughs = (levels: number, refs: number) => ({
  $ref: '#/$defs/l0',
  $defs: Object.fromEntries(
    Array.from({ length: levels }, (_, i) => [
      `l${i}`,
      {
        type: 'object',
        properties: Object.fromEntries(
          Array.from({ length: refs }, (_, j) => [
            `p${j}`,
            i + 1 < levels ? { $ref: `#/$defs/l${i + 1}` } : { type: 'string' },
          ]),
        ),
        required: Array.from({ length: refs }, (_, j) => `p${j}`),
      },
    ]),
  ),
});

function nested(levels: number, wrap: (inner: object) => object, core: object = { type: 'string' }): object {
  let schema = core;
  for (let i = 0; i < levels; i++) schema = wrap(schema);
  return schema;
}

const inObject = (schema: unknown) => ({ type: 'object', properties: { x: schema }, required: ['x'] });

export const hostile: readonly (readonly [name: string, parameters: unknown])[] = [
  ['a text of a billion characters', inObject({ type: 'string', minLength: 1e9 })],
  ['a text longer than numbers go', inObject({ type: 'string', minLength: 1e308, maxLength: 1e308 })],
  ['a list of a billion items', inObject({ type: 'array', items: { type: 'string' }, minItems: 1e9 })],
  [
    'a unique list of a billion booleans',
    inObject({ type: 'array', items: { type: 'boolean' }, minItems: 1e9, uniqueItems: true }),
  ],
  ['lists of lists of lists', inObject(nested(12, items => ({ type: 'array', items, minItems: 1e6 })))],
  ['contains, a billion times', inObject({ type: 'array', contains: { type: 'integer' }, minContains: 1e9 })],
  ['a billion properties', { type: 'object', minProperties: 1e9 }],
  [
    'a billion properties of a pattern',
    { type: 'object', minProperties: 1e9, patternProperties: { '^x': { type: 'string' } } },
  ],
  ['a billion laughs', laughs(30, 3)],
  ['itself', { $ref: '#' }],
  ['itself, required', { type: 'object', properties: { child: { $ref: '#' } }, required: ['child'] }],
  ['itself, twice', { type: 'object', properties: { a: { $ref: '#' }, b: { $ref: '#' } }, required: ['a', 'b'] }],
  [
    'itself in a list',
    { type: 'object', properties: { list: { type: 'array', items: { $ref: '#' }, minItems: 40 } }, required: ['list'] },
  ],
  ['two that name each other', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }],
  ['a reference into nothing', inObject({ $ref: '#/$defs/missing' })],
  ['a reference elsewhere', inObject({ $ref: 'http://127.0.0.1:1/schema.json' })],
  ['a reference that is a number', inObject({ $ref: 7 })],
  ['a catastrophic pattern', inObject({ type: 'string', pattern: '^(a+)+$', minLength: 30 })],
  ['a more catastrophic pattern', inObject({ type: 'string', pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' })],
  ['a towering pattern', inObject({ type: 'string', pattern: `${'('.repeat(60)}a${'+)'.repeat(60)}` })],
  ['a counting pattern', inObject({ type: 'string', pattern: '(((((((a{99}){99}){99}){99}){99}){99}){99}){99}' })],
  ['a pattern that counts to a billion', inObject({ type: 'string', pattern: 'a{1000000000}' })],
  ['a pattern that is none', inObject({ type: 'string', pattern: '([' })],
  ['a pattern that is a number', inObject({ type: 'string', pattern: 7 })],
  ['a pattern that cannot match', inObject({ type: 'string', pattern: '^b(?<!b)$' })],
  ['a very long pattern', inObject({ type: 'string', pattern: 'a|'.repeat(100_000) })],
  ['nesting a long way down', nested(450, inObject)],
  ['alternatives a long way down', nested(450, inner => ({ anyOf: [inner] }))],
  [
    'conjunctions a long way down',
    nested(450, inner => ({ allOf: [inner, { minProperties: 1 }] }), { type: 'object' }),
  ],
  ['negations a long way down', nested(450, inner => ({ not: inner }))],
  ['ten thousand alternatives', inObject({ anyOf: Array.from({ length: 10_000 }, (_, i) => ({ const: i })) })],
  [
    'ten thousand properties',
    {
      type: 'object',
      properties: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`p${i}`, { type: 'string' }])),
    },
  ],
  ['a type that is none', inObject({ type: 'colour' })],
  ['a type that is a number', inObject({ type: 3 })],
  ['no types at all', inObject({ type: [] })],
  ['an empty enum', inObject({ enum: [] })],
  ['an enum that is a text', inObject({ enum: 'abc' })],
  ['properties that are a text', { type: 'object', properties: 'abc' }],
  ['properties that are a list', { type: 'object', properties: [{ type: 'string' }] }],
  ['properties that are null', { type: 'object', properties: null }],
  ['a property that is null', { type: 'object', properties: { x: null }, required: ['x'] }],
  ['required that is a text', { type: 'object', properties: { x: { type: 'string' } }, required: 'x' }],
  ['required with nonsense', { type: 'object', properties: {}, required: [null, 7, {}, '__proto__'] }],
  ['never', inObject(false)],
  ['anything', inObject(true)],
  ['the impossible', inObject({ type: 'integer', minimum: 10, maximum: 1 })],
  ['a step of zero', inObject({ type: 'number', multipleOf: 0 })],
  ['a negative step', inObject({ type: 'number', multipleOf: -3 })],
  ['a tiny step over a huge range', inObject({ type: 'number', multipleOf: 1e-300, minimum: -1e300, maximum: 1e300 })],
  ['lengths that are texts', inObject({ type: 'string', minLength: 'ten', maxLength: '20' })],
  ['negative lengths', inObject({ type: 'string', minLength: -5, maxLength: -1 })],
  ['lengths that cross', inObject({ type: 'array', items: {}, minItems: 9, maxItems: 2 })],
  ['a number past all numbers', inObject({ type: 'number', minimum: 1.7e308 })],
  ['limits from old drafts', inObject({ type: 'number', minimum: 3, exclusiveMinimum: true, divisibleBy: 2 })],
  [
    'keys of the prototype',
    JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{"type":"string"},"toString":{"type":"integer"}},"required":["__proto__","constructor"]}',
    ),
  ],
  [
    'a default that does not fit',
    { type: 'object', properties: { x: { type: 'object', default: null } }, default: null },
  ],
  ['a top level that is a list', { type: 'array', items: { type: 'string' } }],
  ['a top level that is a text', { type: 'string' }],
  ['a top level that is null', { type: 'null' }],
  ['an empty schema', {}],
  ['a format nobody knows', inObject({ type: 'string', format: 'colour' })],
  ['a format with a length against it', inObject({ type: 'string', format: 'date', minLength: 5000 })],
];
