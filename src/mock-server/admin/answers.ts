/** What the admin API takes and gives, as schemas: programs read them in its OpenAPI file. Answers may gain fields. */
import { z } from 'zod';
import { reasons } from '../../core/outcome.ts';

const count = z.int().min(0);
const names = z.array(z.string());

export const health = z.looseObject({ status: z.literal('ok') });

export const journal = z.looseObject({
  requests: z.array(
    z.looseObject({
      n: count.describe('counts from 1 in order of arrival'),
      at: z.number().describe('ms since 1970'),
      method: z.string(),
      path: z.string().describe('without the query; a key in it is ***'),
      credential: count.describe('number of the credential, in order of first sight by the process; 0 for none'),
      token: count.describe('the same of the header’s very text: a JWT that was minted anew has another one'),
      keyId: z.string().optional().describe('missing when the caller was not let in'),
      model: z.string().optional(),
      stream: z.boolean().describe('whether a stream was asked for'),
      streamed: z.boolean().describe('whether one was answered'),
      status: count.describe('0 when nothing was answered'),
      code: z.string().describe('business code, or none'),
      ending: z.enum(['open', 'complete', 'client_gone', 'cut']),
      outcome: z.enum([...reasons, 'aborted', 'open']).describe('what a client must make of it'),
      promptTokens: count,
      completionTokens: count,
      beats: count.describe('frames of a stream, or 1 for a body, that were sent'),
      bytes: count,
      durationMs: z.number(),
      worstLatenessMs: z.number(),
      connection: count.describe('number of the connection, from 1'),
      reused: z.boolean(),
      params: names.describe('names of the request’s fields'),
      finish: z.string().optional(),
      kinds: names,
      faults: names.describe('scenarios that struck'),
      fixture: z.string().optional(),
      keyInUrl: z.boolean(),
    }),
  ),
});

const moments = z.array(z.number()).describe('ms since the request');
export const timeline = z.looseObject({ due: moments, sent: moments });

export const faults = z.looseObject({
  everybody: names,
  keys: z.record(z.string(), names).describe('by id of the key'),
});

const most = (what: string) => count.nullable().optional().describe(what);
const limit = {
  concurrency: most('requests in flight, for each key and model; 1302'),
  requests_per_minute: most('for each key and model; 1302'),
  tokens_per_minute: most('for each key and model; 1302'),
  overload_rate: z.number().min(0).max(1).nullable().optional().describe('share of all requests; 1305'),
  plan_requests: most('requests of a key in a plan window; 1308'),
  weekly_requests: most('requests of a key in seven days; 1310'),
  balance: most('tokens that a key may spend; 1113'),
  retry_after: z.boolean().nullable().optional().describe('send Retry-After with 429'),
};
export const limitsPatch = z.strictObject({
  ...limit,
  plan_window: z.string().nullable().optional().describe('a duration such as 5h'),
});
export const limits = z.looseObject({ ...limit, plan_window: z.number().describe('ms') });

export const fixtures = z.looseObject({
  fixtures: z.array(
    z.looseObject({
      fixture: z.string().describe('its name, or file#n'),
      where: z.string().optional().describe('file:line:column'),
      owner: z.string().optional().describe('id of the one key it answers'),
      hits: count,
    }),
  ),
  unused: names,
  shadowed: z.array(z.looseObject({ fixture: z.string(), by: z.string() })).describe('those that can never answer'),
});

export const state = z.looseObject({
  faults,
  limits,
  in_flight: z.array(z.looseObject({ keyId: z.string(), model: z.string(), count })),
  fixtures,
});

export const catalogue = z.array(
  z.looseObject({
    name: z.string(),
    id: z.string(),
    outcome: z.enum(reasons),
    fault_domain: z.string().nullable(),
    evidence: z.string(),
    summary: z.string(),
    unary_outcome: z.enum(reasons).describe('what a call without a stream ends as'),
    parameters: z.record(z.string(), z.string()).describe('its own, with their defaults'),
    general_parameters: names.describe('those that each scenario takes'),
  }),
);

export const minted = z.looseObject({ key: z.string().describe('id.secret'), id: z.string() });
export const done = z.looseObject({ reset: z.literal(true) });

export const report = z.looseObject({
  verdict: z.string(),
  requests: count,
  findings: z.array(
    z.looseObject({
      code: z.string(),
      severity: z.string(),
      requests: z.array(count).describe('their numbers in the journal'),
      says: z.string(),
      advice: z.string(),
    }),
  ),
});

const percent = z.number().min(0).max(100);
export const coverage = z.looseObject({
  percent,
  sections: z.array(z.looseObject({ name: z.string(), seen: names, missing: names, percent })),
});

export const anything = z.looseObject({});
export const refusal = z.looseObject({ error: z.looseObject({ code: z.string(), message: z.string() }) });
