/** The admin API's own description, made from its routes. */
import { z } from 'zod';
import { packageVersion } from '../../core/version.ts';
import { anything, refusal } from './answers.ts';
import { json, type Route, routes } from './routes.ts';

/** Gives the description; it is among what it describes. */
const describing: Route = {
  method: 'GET',
  path: '/__admin/openapi.json',
  summary: 'This description.',
  result: anything,
  answer: async () => json(openApi()),
};

export const allRoutes: readonly Route[] = [...routes, describing];

export function openApi(): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of allRoutes) {
    const methods = paths[route.path] ?? {};
    methods[route.method.toLowerCase()] = operationOf(route);
    paths[route.path] = methods;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'glm-testkit mock: admin API',
      version: packageVersion(),
      description:
        'Changes need content-type application/json. From elsewhere than this machine /__admin needs a token. HEAD is answered as GET.',
    },
    servers: [{ url: '/' }],
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Refusal: schemaOf(refusal) },
    },
    paths,
  };
}

const isGuarded = ({ path }: Route) => path.startsWith('/__admin');

const operationOf = (route: Route) => ({
  summary: route.summary,
  // Nothing from this machine, a token from all others.
  security: isGuarded(route) ? [{}, { token: [] }] : [],
  parameters: Object.entries(route.query ?? {}).map(([name, { about, schema, required = false }]) => ({
    name,
    in: 'query',
    description: about,
    required,
    schema,
  })),
  ...(route.body && {
    requestBody: {
      required: route.bodyOptional !== true,
      content: { 'application/json': { schema: schemaOf(route.body) } },
    },
  }),
  responses: {
    '200': { description: 'Done.', content: contentOf(route) },
    ...(isGuarded(route) && refusalsOf(route)),
  },
});

const contentOf = ({ result, types = [] }: Route) => ({
  ...(result && { 'application/json': { schema: schemaOf(result) } }),
  ...Object.fromEntries(types.map(type => [type, { schema: { type: 'string' } }])),
});

const refusalsOf = ({ query, body, missing }: Route) => ({
  ...((query ?? body) && { '400': refused('The query or the body is wrong; error.message says how.') }),
  '403': refused('Asked from another machine without the token.'),
  ...(missing !== undefined && { '404': refused(missing) }),
  '405': refused('The path takes other methods than the one that was used.'),
  default: refused('There is no such path (404), or the mock failed (500).'),
});

const refused = (description: string) => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } },
});

/** Inside of the document, which says the dialect once. */
function schemaOf(schema: z.ZodType): unknown {
  const { $schema: _, ...own } = z.toJSONSchema(schema);
  return own;
}
