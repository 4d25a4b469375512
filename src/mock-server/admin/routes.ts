/** The admin API: what can be seen and changed while the mock runs. Each route is one entry; the OpenAPI file is made from them. */
import { z } from 'zod';
import { checked } from '../../core/config.ts';
import { domainOf } from '../../core/outcome.ts';
import { parseKey } from '../../core/wire/auth.ts';
import type { Command, ControlState } from '../control.ts';
import type { JournalEntry } from '../journal.ts';
import { scenarios } from '../scenarios/index.ts';
import { coverage } from '../verdict/coverage.ts';
import { coverageJUnit, coverageMarkdown, coverageText } from '../verdict/coverage-report.ts';
import { outcomeOf } from '../verdict/outcome.ts';
import { jsonReport, textReport } from '../verdict/report.ts';
import { universeOf } from '../verdict/universe.ts';
import { journalPage } from './page.ts';

/** What the routes reach: this process, or all of `--workers`. */
export interface AdminSource {
  readonly metrics: () => Promise<Answer>;
  readonly journal: () => Promise<JournalEntry[]>;
  /** Moments of one stream's chunks, in ms since its request: due and sent in turn. */
  readonly timeline: (n: number) => readonly number[] | undefined;
  readonly control: (command: Command) => Promise<{ readonly key?: string }>;
  readonly state: () => Promise<ControlState>;
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
  /** Names of the query with their meaning. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType;
  readonly answer: (source: AdminSource, asked: Asked) => Promise<Answer>;
}

export const json = (value: unknown, status = 200): Answer => ({
  status,
  text: `${JSON.stringify(value)}\n`,
  type: 'application/json',
});
const text = (value: string): Answer => ({ text: value, type: 'text/plain; charset=utf-8' });

const keyText = 'id of one API key: only its requests';
const key = z.string().min(1).optional();
const faultsBody = z.strictObject({ faults: z.array(z.string()), key });
const fixturesBody = z.strictObject({ fixtures: z.array(z.record(z.string(), z.unknown())), key });
const limitsBody = z.record(z.string(), z.unknown());
const nameBody = z.strictObject({ name: z.string().min(1) });
const keyBody = z.strictObject({ key }).optional();

const ofKey = async (source: AdminSource, { query }: Asked): Promise<JournalEntry[]> => {
  const wanted = query.get('key');
  const entries = await source.journal();
  return wanted === null ? entries : entries.filter(entry => entry.keyId === wanted);
};

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
    answer: async () => json({ status: 'ok' }),
  },
  {
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics for Prometheus.',
    answer: source => source.metrics(),
  },
  {
    method: 'GET',
    path: '/__admin/journal',
    summary: 'The last requests, oldest first.',
    query: { key: keyText, after: 'only requests with a higher number', limit: 'at most so many, the latest' },
    answer: async (source, asked) => {
      const after = Number(asked.query.get('after') ?? 0);
      const limit = Number(asked.query.get('limit') ?? Number.POSITIVE_INFINITY);
      const entries = (await ofKey(source, asked)).filter(({ n }) => n > after);
      const latest = limit >= 0 ? entries.slice(Math.max(0, entries.length - limit)) : entries;
      return json({ requests: latest.map(entry => ({ ...entry, outcome: outcomeOf(entry) })) });
    },
  },
  {
    method: 'GET',
    path: '/__admin/timeline',
    summary: 'When the chunks of one paced stream were due and when they left, in ms since the request.',
    query: { n: 'number of the request' },
    answer: async (source, { query }) => {
      const moments = source.timeline(Number(query.get('n')));
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
    answer: async source => json(await source.state()),
  },
  {
    method: 'GET',
    path: '/__admin/scenarios',
    summary: 'The catalogue of faults.',
    answer: async () =>
      json(
        scenarios.map(({ name, id, outcome, summary, evidence }) => ({
          name,
          id,
          outcome,
          fault_domain: domainOf(outcome),
          summary,
          evidence,
        })),
      ),
  },
  {
    method: 'PUT',
    path: '/__admin/faults',
    summary: 'Replaces the faults that strike, for everybody or for one key.',
    body: faultsBody,
    answer: async (source, { body }) => {
      await source.control({ kind: 'faults', ...checked(faultsBody, body, 'body') });
      return json((await source.state()).faults);
    },
  },
  {
    method: 'PATCH',
    path: '/__admin/limits',
    summary: 'Changes the limits that are named; null takes one away.',
    body: limitsBody,
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
    answer: fixtures(false),
  },
  {
    method: 'PUT',
    path: '/__admin/fixtures',
    summary: 'Replaces the fixtures of everybody or of one key.',
    body: fixturesBody,
    answer: fixtures(true),
  },
  {
    method: 'POST',
    path: '/__admin/keys',
    summary: 'Makes an API key known; the same name gives the same key.',
    body: nameBody,
    answer: async (source, { body }) => {
      const { key = '' } = await source.control({ kind: 'key', ...checked(nameBody, body, 'body') });
      return json({ key, id: parseKey(key)?.id });
    },
  },
  {
    method: 'POST',
    path: '/__admin/reset',
    summary: 'Forgets requests, added fixtures, faults and counts, of everybody or of one key.',
    body: keyBody,
    answer: async (source, { body }) => {
      await source.control({ kind: 'reset', ...checked(keyBody, body, 'body') });
      return json({ reset: true });
    },
  },
  {
    method: 'GET',
    path: '/__admin/report',
    summary: 'How well the clients handled what happened to them.',
    query: { key: keyText, format: 'json (default) or text' },
    answer: async (source, asked) => {
      const entries = await ofKey(source, asked);
      const now = { nowMs: Date.now() };
      return asked.query.get('format') === 'text' ? text(textReport(entries, now)) : json(jsonReport(entries, now));
    },
  },
  {
    method: 'GET',
    path: '/__admin/coverage',
    summary: 'What of the API and of the faults was exercised.',
    query: { key: keyText, format: 'json (default), text, junit or markdown' },
    answer: async (source, asked) => {
      const found = coverage(await ofKey(source, asked), universeOf(scenarios.map(({ name }) => name)));
      const format = asked.query.get('format');
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
    answer: async () => ({ text: journalPage, type: 'text/html; charset=utf-8' }),
  },
];
