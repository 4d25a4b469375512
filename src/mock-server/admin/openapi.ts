/** The admin API's own description, made from its routes. */
import { z } from 'zod';
import { packageVersion } from '../../core/version.ts';
import { type Route, routes } from './routes.ts';

export function openApi(): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const methods = paths[route.path] ?? {};
    methods[route.method.toLowerCase()] = operationOf(route);
    paths[route.path] = methods;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'glm-testkit mock: admin API',
      version: packageVersion(),
      description: 'Changes need content-type application/json. From elsewhere than this machine a token is needed.',
    },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    paths,
  };
}

const operationOf = ({ summary, query = {}, body }: Route) => ({
  summary,
  parameters: Object.entries(query).map(([name, description]) => ({
    name,
    in: 'query',
    description,
    schema: { type: 'string' },
  })),
  ...(body && { requestBody: { content: { 'application/json': { schema: z.toJSONSchema(body) } } } }),
  responses: {
    '200': { description: 'Done.' },
    ...(body && { '400': { description: 'The body is wrong; error.message says how.' } }),
  },
});
