/** The shipped rules and routes, with every window and wait so many times as short: what the drill proves is what is shipped. */
import { parse, stringify } from 'yaml';
import { parseDuration } from '../core/duration.ts';

interface Rule {
  readonly expr: string;
  readonly for?: string;
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

/** @param text a rule file @param scale how many times as fast time goes */
export function scaledRules(text: string, scale: number): string {
  const { groups } = parse(text) as RuleFile;
  const scaled = groups.map(group => ({ ...group, rules: group.rules.map(rule => scaledRule(rule, scale)) }));
  return stringify({ groups: scaled }, { lineWidth: 0 });
}

const scaledRule = (rule: Rule, scale: number): Rule => ({
  ...rule,
  expr: scaledExpr(rule.expr, scale),
  ...(rule.for !== undefined && { for: shorter(rule.for, scale) }),
});

/** Windows, offsets, and the intervals of checks that rules choose windows by. Thresholds of other things stay: 50 ms of lag are 50 ms. */
export const scaledExpr = (expr: string, scale: number): string =>
  expr
    .replace(/(\[|offset )(\w+)/g, (_, before: string, window: string) => before + shorter(window, scale))
    .replace(/glm_probe_interval_seconds(:\w+)?( (<=|>) [\d.]+)+/g, bounds =>
      bounds.replace(/ [\d.]+/g, s => ` ${Number(s) / scale}`),
    );

/** In ms, which Prometheus and Alertmanager read as well. */
export const shorter = (duration: string, scale: number): string =>
  `${Math.max(1, Math.round(parseDuration(duration) / scale))}ms`;

interface Route {
  readonly routes?: readonly Route[];
  readonly [key: string]: unknown;
}

interface Routing {
  readonly route: Route;
  readonly receivers: readonly { readonly name: string }[];
  readonly [key: string]: unknown;
}

/** The example's routes and inhibitions; every receiver posts to the drill under its own name. */
export function scaledRouting(text: string, scale: number, receiverUrl: string): string {
  const { route, receivers, ...rest } = parse(text) as Routing;
  const posting = receivers.map(({ name }) => ({
    name,
    webhook_configs: [{ url: `${receiverUrl}/${name}`, send_resolved: true }],
  }));
  return stringify({ ...rest, route: scaledRoute(route, scale), receivers: posting });
}

const waits: ReadonlySet<string> = new Set(['group_wait', 'group_interval', 'repeat_interval']);

const scaledRoute = ({ routes, ...route }: Route, scale: number): Route => ({
  ...Object.fromEntries(
    Object.entries(route).map(([key, value]) => [key, waits.has(key) ? shorter(String(value), scale) : value]),
  ),
  ...(routes && { routes: routes.map(inner => scaledRoute(inner, scale)) }),
});
