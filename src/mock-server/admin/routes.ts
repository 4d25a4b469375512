/** The admin API: what can be seen and changed while the mock runs. Each route is one entry; the OpenAPI file is made from them. */
import { z } from 'zod';
import { checked } from '../../core/config.ts';
import { UsageError } from '../../core/errors.ts';
import { parseKey } from '../../core/wire/auth.ts';
import type { Command, ControlState } from '../control.ts';
import type { History, JournalEntry } from '../journal.ts';
import { detailsOf } from '../scenarios/entry.ts';
import { scenarios } from '../scenarios/index.ts';
import { coverageOf, type Exercised } from '../verdict/coverage.ts';
import { coverageJUnit, coverageMarkdown, coverageText } from '../verdict/coverage-report.ts';
import { outcomeOf } from '../verdict/outcome.ts';
import { jsonReport, textReport } from '../verdict/report.ts';
import { everything } from '../verdict/universe.ts';
import * as answers from './answers.ts';
import { journalPage } from './page.ts';

/** What the routes reach: this process, or all of `--workers`. */
export interface AdminSource {
  readonly metrics: () => Promise<Answer>;
  readonly journal: () => Promise<JournalEntry[]>;
  /** What a verdict reads, of everybody or of one key. */
  readonly history: (keyId?: string) => Promise<History>;
  readonly exercised: (keyId?: string) => Promise<Exercised>;
  /** Moments of one stream's chunks, in ms since its request: due and sent in turn. */
  readonly timeline: (n: number) => readonly number[] | undefined;
  readonly control: (command: Command) => Promise<{ readonly key?: string }>;
  readonly state: () => Promise<ControlState>;
  /** Ms since 1970, by the mock's clock. */
  readonly wall: () => number;
  /** The id of a key, given by it or as a whole. @throws {UsageError} `unknown_key` */
  readonly keyId: (text: string) => string;
}

export interface Answer {
  readonly status?: number;
  readonly text: string;
  readonly type: string;
}

export interface Asked {
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
}

export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly query?: Readonly<Record<string, QueryField>>;
  readonly body?: z.ZodType;
  /** Whether it may be left out. */
  readonly bodyOptional?: true;
  /** Content types of a good answer besides JSON, or in place of it when there is no `result`. */
  readonly types?: readonly string[];
  /** The answer in JSON. */
  readonly result?: z.ZodType;
  /** When it is answered with 404. */
  readonly missing?: string;
  readonly answer: (source: AdminSource, asked: Asked) => Promise<Answer>;
}

export interface QueryField {
  readonly about: string;
  readonly schema: { readonly type: 'string' | 'integer'; readonly enum?: readonly string[]; readonly minimum?: 0 };
  readonly required?: true;
}

const count = (about: string): QueryField => ({ about, schema: { type: 'integer', minimum: 0 } });
const word = (about: string, words?: readonly string[]): QueryField => ({
  about,
  schema: { type: 'string', ...(words && { enum: words }) },
});

export const json = (value: unknown, status = 200): Answer => ({
  status,
  text: `${JSON.stringify(value)}\n`,
  type: 'application/json',
});
const text = (value: string): Answer => ({ text: value, type: 'text/plain; charset=utf-8' });

const ofOneKey = word('id of one API key: only its requests; a whole key will do, and is better not put into a URL');
const reportFormats = ['json', 'text'];
const coverageFormats = ['json', 'text', 'junit', 'markdown'];
const key = z.string().min(1).optional();
const faultsBody = z.strictObject({ faults: z.array(z.string()), key });
const fixturesBody = z.strictObject({ fixtures: z.array(z.record(z.string(), z.unknown())), key });
const limitsBody = z.record(z.string(), z.unknown());
const nameBody = z.strictObject({ name: z.string().min(1) });
const resetBody = z.strictObject({ key, coverage: z.boolean().optional() });

/** The id of the key that is asked about. @throws {UsageError} `unknown_key` */
const keyIdIn = (source: AdminSource, { query }: Asked): string | undefined => {
  const key = query.get('key');
  return key === null ? undefined : source.keyId(key);
};

const ofKey = async (source: AdminSource, asked: Asked): Promise<JournalEntry[]> => {
  const wanted = keyIdIn(source, asked);
  const entries = await source.journal();
  return wanted === undefined ? entries : entries.filter(entry => entry.keyId === wanted);
};

/** @throws {UsageError} `bad_query` */
function countIn({ query }: Asked, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError('bad_query', `${name}: must be a whole number from 0, found "${text.slice(0, 20)}"`);
}

/** @throws {UsageError} `bad_query` */
function missing(name: string): never {
  throw new UsageError('bad_query', `${name}: is missing`);
}

/** @throws {UsageError} `bad_query` */
function formatIn({ query }: Asked, known: readonly string[]): string {
  const format = query.get('format') ?? 'json';
  if (known.includes(format)) return format;
  throw new UsageError('bad_query', `format: must be one of ${known.join(', ')}, found "${format.slice(0, 20)}"`);
}

const fixtures =
  (replace: boolean) =>
  async (source: AdminSource, { body }: Asked) => {
    const given = checked(fixturesBody, body, 'body');
    await source.control({ kind: 'fixtures', fixtures: given.fixtures, key: given.key, replace });
    return json((await source.state()).fixtures);
  };

export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/healthz',
    summary: 'Says that the mock runs.',
    result: answers.health,
    answer: async () => json({ status: 'ok' }),
  },
  {
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics for Prometheus.',
    types: ['text/plain'],
    answer: source => source.metrics(),
  },
  {
    method: 'GET',
    path: '/__admin/journal',
    summary: 'The last requests, oldest first.',
    query: {
      key: ofOneKey,
      after: count('only requests with a higher number'),
      limit: count('at most so many, the latest'),
    },
    result: answers.journal,
    answer: async (source, asked) => {
      const after = countIn(asked, 'after') ?? 0;
      const limit = countIn(asked, 'limit') ?? Number.POSITIVE_INFINITY;
      const entries = (await ofKey(source, asked)).filter(({ n }) => n > after);
      const latest = entries.slice(Math.max(0, entries.length - limit));
      return json({ requests: latest.map(entry => ({ ...entry, outcome: outcomeOf(entry) })) });
    },
  },
  {
    method: 'GET',
    path: '/__admin/timeline',
    summary: 'When the chunks of one paced stream were due and when they left, in ms since the request.',
    query: { n: { ...count('number of the request'), required: true } },
    result: answers.timeline,
    missing: 'No timeline is kept of this request.',
    answer: async (source, asked) => {
      const moments = source.timeline(countIn(asked, 'n') ?? missing('n'));
      if (moments === undefined)
        return json(
          {
            error: {
              code: 'no_timeline',
              message: 'no timeline is kept of this request: only the last paced streams have one',
            },
          },
          404,
        );
      return json({ due: moments.filter((_, i) => i % 2 === 0), sent: moments.filter((_, i) => i % 2 === 1) });
    },
  },
  {
    method: 'GET',
    path: '/__admin/state',
    summary: 'Faults, limits, requests in flight, and fixtures with their hits.',
    result: answers.state,
    answer: async source => json(await source.state()),
  },
  {
    method: 'GET',
    path: '/__admin/scenarios',
    summary: 'The catalogue of faults.',
    result: answers.catalogue,
    answer: async () => json(scenarios.map(detailsOf)),
  },
  {
    method: 'PUT',
    path: '/__admin/faults',
    summary: 'Replaces the faults that strike, for everybody or for one key.',
    body: faultsBody,
    result: answers.faults,
    answer: async (source, { body }) => {
      await source.control({ kind: 'faults', ...checked(faultsBody, body, 'body') });
      return json((await source.state()).faults);
    },
  },
  {
    method: 'PATCH',
    path: '/__admin/limits',
    summary: 'Changes the limits that are named; null takes one away.',
    body: answers.limitsPatch,
    result: answers.limits,
    answer: async (source, { body }) => {
      await source.control({ kind: 'limits', limits: checked(limitsBody, body, 'body') });
      return json((await source.state()).limits);
    },
  },
  {
    method: 'POST',
    path: '/__admin/fixtures',
    summary: 'Adds fixtures, for everybody or for one key.',
    body: fixturesBody,
    result: answers.fixtures,
    answer: fixtures(false),
  },
  {
    method: 'PUT',
    path: '/__admin/fixtures',
    summary: 'Replaces the fixtures of everybody or of one key.',
    body: fixturesBody,
    result: answers.fixtures,
    answer: fixtures(true),
  },
  {
    method: 'POST',
    path: '/__admin/keys',
    summary: 'Makes an API key known; the same name gives the same key.',
    body: nameBody,
    result: answers.minted,
    answer: async (source, { body }) => {
      const { key = '' } = await source.control({ kind: 'key', ...checked(nameBody, body, 'body') });
      return json({ key, id: parseKey(key)?.id });
    },
  },
  {
    method: 'POST',
    path: '/__admin/reset',
    summary:
      'Forgets requests, added fixtures, faults and counts, of everybody or of one key; with coverage what was exercised.',
    body: resetBody,
    bodyOptional: true,
    result: answers.done,
    answer: async (source, { body }) => {
      await source.control({ kind: 'reset', ...checked(resetBody, body ?? {}, 'body') });
      return json({ reset: true });
    },
  },
  {
    method: 'GET',
    path: '/__admin/report',
    summary: 'How well the clients handled what happened to them.',
    query: { key: ofOneKey, format: word('json by default', reportFormats) },
    types: ['text/plain'],
    result: answers.report,
    answer: async (source, asked) => {
      const { entries, ...gone } = await source.history(keyIdIn(source, asked));
      const now = { nowMs: source.wall(), ...gone };
      return formatIn(asked, reportFormats) === 'text'
        ? text(textReport(entries, now))
        : json(jsonReport(entries, now));
    },
  },
  {
    method: 'GET',
    path: '/__admin/coverage',
    summary: 'What of the API and of the faults was exercised.',
    query: { key: ofOneKey, format: word('json by default', coverageFormats) },
    types: ['text/plain', 'application/xml'],
    result: answers.coverage,
    answer: async (source, asked) => {
      const found = coverageOf(await source.exercised(keyIdIn(source, asked)), everything);
      const format = formatIn(asked, coverageFormats);
      if (format === 'text') return text(coverageText(found));
      if (format === 'markdown') return text(coverageMarkdown(found));
      if (format === 'junit') return { text: coverageJUnit(found), type: 'application/xml' };
      return json(found);
    },
  },
  {
    method: 'GET',
    path: '/__admin/ui',
    summary: 'A page with the requests as they come.',
    types: ['text/html'],
    answer: async () => ({ text: journalPage, type: 'text/html; charset=utf-8' }),
  },
];
