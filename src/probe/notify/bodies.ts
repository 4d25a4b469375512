/** An alert as each service wants it: URL, headers and a JSON body. Pure. */
import { createHmac } from 'node:crypto';
import { formatDuration } from '../../core/duration.ts';
import type { NotificationConfig } from '../config.ts';
import type { Alert } from './alert.ts';

export interface Post {
  readonly url: string;
  readonly body: string;
}

export interface PostOptions {
  readonly kind: NotificationConfig['kind'];
  readonly url: string;
  /** Signs the message, where the service offers it. */
  readonly secret: string | undefined;
  /** For `webhook`: JSON text with places such as `{{reason}}`. */
  readonly template: string | undefined;
  readonly nowMs: number;
}

export function postOf(alert: Alert, options: PostOptions): Post {
  return shapes[options.kind](alert, options);
}

const shapes = { webhook, slack, feishu, dingtalk, wecom } as const satisfies Record<
  NotificationConfig['kind'],
  (alert: Alert, options: PostOptions) => Post
>;

/** Everything, in fields; or the config's own words. */
function webhook(alert: Alert, { url, template, nowMs }: PostOptions): Post {
  const fields = fieldsOf(alert, nowMs);
  return { url, body: template === undefined ? JSON.stringify(fields) : filled(template, fields) };
}

/** What a template may name. */
export function fieldsOf(alert: Alert, nowMs: number) {
  return {
    ...alert,
    title: titleOf(alert),
    since: new Date(alert.sinceMs).toISOString(),
    lasted: lastedOf(alert, nowMs),
    at: new Date(nowMs).toISOString(),
  };
}

/** What may stand in a place. */
export const templateFields = [
  'id',
  'target',
  'check',
  'model',
  'vantage',
  'kind',
  'severity',
  'reason',
  'domain',
  'words',
  'message',
  'logId',
  'runId',
  'reminder',
  'sinceMs',
  'title',
  'since',
  'lasted',
  'at',
] as const;

/** `{{reason}}` */
export const templatePlace = /\{\{\s*(\w+)\s*\}\}/g;

/** Values are put in as the inside of a JSON string, so no answer of a service can break out of its place. */
const filled = (template: string, fields: Readonly<Record<string, unknown>>) =>
  template.replace(templatePlace, (_, name: string) => JSON.stringify(String(fields[name] ?? '')).slice(1, -1));

function slack(alert: Alert, { url, nowMs }: PostOptions): Post {
  const text = `*${plain(titleOf(alert))}*\n${linesOf(alert, nowMs).map(plain).join('\n')}`;
  const color = alert.kind === 'recovered' ? '#2a8a4a' : alert.kind === 'down' ? '#c8372d' : '#b7791f';
  const blocks = [{ type: 'section', text: { type: 'mrkdwn', text } }];
  return { url, body: JSON.stringify({ text: titleOf(alert), attachments: [{ color, blocks }] }) };
}

/** Slack reads these three characters as the beginning of something. */
const plain = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The signature is made with the secret and the time as its key, over nothing. */
function feishu(alert: Alert, { url, secret, nowMs }: PostOptions): Post {
  const timestamp = String(Math.floor(nowMs / 1000));
  const sign = secret && createHmac('sha256', `${timestamp}\n${secret}`).update('').digest('base64');
  const colour = alert.kind === 'recovered' ? 'green' : alert.kind === 'down' ? 'red' : 'orange';
  const card = {
    header: { template: colour, title: { tag: 'plain_text', content: titleOf(alert) } },
    elements: [{ tag: 'div', text: { tag: 'plain_text', content: linesOf(alert, nowMs).join('\n') } }],
  };
  return { url, body: JSON.stringify({ ...(sign && { timestamp, sign }), msg_type: 'interactive', card }) };
}

/** The signature goes into the URL: HMAC-SHA256 over time and secret, with the secret as its key. */
function dingtalk(alert: Alert, { url, secret, nowMs }: PostOptions): Post {
  const title = titleOf(alert);
  const text = [`### ${title}`, ...linesOf(alert, nowMs)].join('\n\n');
  return {
    url: secret === undefined ? url : signed(url, secret, nowMs),
    body: JSON.stringify({ msgtype: 'markdown', markdown: { title, text } }),
  };
}

function signed(url: string, secret: string, nowMs: number): string {
  const sign = createHmac('sha256', secret).update(`${nowMs}\n${secret}`).digest('base64');
  const made = new URL(url);
  made.searchParams.set('timestamp', String(nowMs));
  made.searchParams.set('sign', sign);
  return made.href;
}

function wecom(alert: Alert, { url, nowMs }: PostOptions): Post {
  const content = [`**${titleOf(alert)}**`, ...linesOf(alert, nowMs).map(line => `> ${line}`)].join('\n');
  return { url, body: JSON.stringify({ msgtype: 'markdown', markdown: { content } }) };
}

const marks = { down: 'DOWN', blocked: 'CANNOT TELL', degraded: 'DEGRADED', recovered: 'RECOVERED' } as const;

/** `DOWN bigmodel/chat_stream/glm-4.6: stalled (provider)` */
export function titleOf({ kind, id, reason, domain, reminder }: Alert): string {
  const why = reason === null ? '' : `: ${reason}${domain === null ? '' : ` (${domain})`}`;
  return `${marks[kind]} ${id}${why}${reminder > 0 ? `, reminder ${reminder}` : ''}`;
}

/** A word on one line each, short enough for every service. */
function linesOf(alert: Alert, nowMs: number): string[] {
  const { kind, words, message, vantage, runId, logId, severity, sinceMs } = alert;
  const lasted =
    nowMs - sinceMs < 1000 ? '' : `${kind === 'recovered' ? 'It lasted' : 'For'} ${lastedOf(alert, nowMs)}, `;
  const run = runId === null ? '' : `, run ${runId}`;
  const log = logId == null ? '' : `, x-log-id ${logId}`;
  return [
    words.replaceAll('\n', ' ').slice(0, 600),
    ...(message == null ? [] : [`The service says: ${message.replaceAll('\n', ' ')}`]),
    `${lasted}${lasted === '' ? 'Since' : 'since'} ${new Date(sinceMs).toISOString()}`,
    `Seen from ${vantage}${run}${log}, severity ${severity}`,
  ];
}

const lastedOf = ({ sinceMs }: Alert, nowMs: number) =>
  formatDuration(Math.max(0, Math.round((nowMs - sinceMs) / 1000) * 1000));
