/** Fixtures as samples for `diff`: the request that each asks for, and what the mock makes of it. */
import { createManualClock } from '../../core/clock.ts';
import { mockConfig } from '../config.ts';
import { createEngine } from '../engine.ts';
import type { Fixture } from '../fixtures/fixture.ts';
import { isRegex } from '../fixtures/pattern.ts';
import { withTestKey } from '../keys.ts';
import { createMeter } from '../meter.ts';
import type { Exchange } from '../plan.ts';
import type { Sample } from './diff.ts';

/** Most tokens that an answer is allowed: enough for a shape, and cheap. */
const maxTokens = 64;

/** @param model asked where a fixture does not name one @returns those that say plainly what they want, and how many do not */
export function samplesOfFixtures(fixtures: readonly Fixture[], model: string): { samples: Sample[]; skipped: number } {
  const plain = fixtures.filter(isPlain);
  const samples = plain.map(fixture => sampleOf(fixture, model));
  return { samples, skipped: fixtures.length - plain.length };
}

/** A request can be made up for a text, a model and a stream; an expression or a tool's result would have to be guessed. */
function isPlain({ match, replies }: Fixture): boolean {
  const { last_user: asked, model, stream: _, ...others } = match;
  const names = [model ?? []].flat();
  if (replies[0]?.fault !== undefined || replies[0]?.error !== undefined) return false;
  return (
    Object.values(others).every(value => value === undefined) &&
    !names.some(name => name.includes('*')) &&
    (asked === undefined || !isRegex(asked))
  );
}

function sampleOf(fixture: Fixture, fallback: string): Sample {
  const { last_user: content = 'hi', model, stream = false } = fixture.match;
  const request = {
    model: [model ?? fallback].flat()[0],
    messages: [{ role: 'user', content }],
    max_tokens: maxTokens,
    stream,
    thinking: { type: fixture.replies[0]?.reasoning === undefined ? 'disabled' : 'enabled' },
  };
  const body = JSON.stringify(request);
  const headers = { 'content-type': 'application/json' };
  const asked = { name: fixture.id, method: 'POST', path: '/chat/completions', headers, body };
  return { ...asked, reply: replyTo(body, fixture) };
}

/** What the mock answers when it has this one fixture. */
function replyTo(body: string, fixture: Fixture): Sample['reply'] {
  const { config, key } = withTestKey(mockConfig.parse({}));
  const meter = createMeter({ version: '', profile: config.profile, era: config.era });
  const engine = createEngine(config, { clock: createManualClock(), meter, fixtures: [fixture] });
  const { plan } = engine.handle({
    method: 'POST',
    path: '/api/paas/v4/chat/completions',
    headers: { authorization: `Bearer ${key}` },
    body,
    arrivedMs: 0,
  }) as Exchange; // at once: only a JWT takes a promise
  const sent = [...plan.beats].flatMap(beat => ('send' in beat ? [Buffer.from(beat.send)] : []));
  return {
    status: plan.head?.status,
    headers: plan.head?.headers ?? [],
    body: Buffer.concat(sent),
    ending: 'complete',
  };
}
