/** What a fixture makes of a request: its words, its error, its fault; or that none fits and one has to. */
import { parseFaults } from '../faults/fault.ts';
import { noteAsked } from '../faults/strike.ts';
import { explain } from '../fixtures/explain.ts';
import { factsOf } from '../fixtures/facts.ts';
import { type RenderedReply, speak } from '../fixtures/reply.ts';
import { mockError, type Refusal } from '../render/error.ts';
import type { Draft } from '../replies/draft.ts';
import { late } from '../scenarios/beats.ts';
import { parseObject, type ValidChat } from '../validate.ts';
import { type Call, type Reply, refusalReply } from './endpoint.ts';

export interface Script {
  readonly reply: RenderedReply;
  /** Undefined: the fixture leaves the words to the mock. */
  readonly draft: Draft | undefined;
}

/** Undefined: no fixture has a say. */
export function scriptFor(valid: ValidChat, call: Call): Script | Reply | Refusal | undefined {
  const { state, request, keyId, language, entry, config } = call;
  if (!state.book.has(keyId)) return undefined;
  const facts = factsOf(valid, parseObject(request.body));
  const found = state.book.find(facts, keyId);
  if (found.kind === 'none') {
    if (config.unmatched === 'fallback') return undefined;
    const { method, path } = request;
    return mockError(
      'mock_no_fixture',
      explain(found.why(), { method, path, keyId, turn: facts.turn, stream: facts.stream }),
    );
  }
  entry.fixture = found.fixture;
  const { reply } = found;
  if (reply.fault !== undefined) strikeMore(reply.fault, call);
  const spoken = speak(reply, { model: valid.model, language });
  if (spoken.kind === 'error') return late(refusalReply(spoken.refusal), reply.delayMs);
  return { reply, draft: spoken.kind === 'draft' ? spoken.draft : undefined };
}

function strikeMore(fault: string, call: Call): void {
  const { keyId, random, state, entry } = call;
  const shots = state.faults.strike({ keyId, own: parseFaults(fault), alone: true, model: () => entry.model, random });
  noteAsked(call, shots);
  call.shots = [...call.shots, ...shots];
}
