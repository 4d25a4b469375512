/** What a drill plays on: a stack of its own (stack.ts), or one that already runs (attached.ts). */
import { Agent, fetch, type RequestInit } from 'undici';
import { codeOf, textOf } from '../core/errors.ts';
import type { Fault } from './catalogue.ts';

/** An alert as it was told: by Alertmanager to the drill's receiver, or by a Prometheus that already runs. */
export interface Alert {
  readonly name: string;
  /** The fault whose target it is about; undefined when it is about none in particular. */
  readonly about: string | undefined;
  /** The receiver it came to; undefined where that cannot be seen. */
  readonly to: string | undefined;
  /** The check or target that it names, where several may set it off. */
  readonly of?: string;
  readonly atMs: number;
  readonly clearedMs?: number;
}

/** What the probe says of a fault's check. */
export interface Said {
  readonly state: string;
  readonly reason: string | null;
  readonly domain: string | null;
}

export interface Scene {
  /** Why not all is well yet; undefined when it is. */
  unrest(): Promise<string | undefined>;
  begin(fault: Fault): Promise<void>;
  end(fault: Fault): Promise<void>;
  alerts(): Promise<readonly Alert[]>;
  said(fault: Fault): Promise<Said | undefined>;
  /** Names of the alerts that Prometheus calls firing for a fault, delivered or not. */
  firing(fault: Fault): Promise<readonly string[]>;
  /** Why nothing more can come of it. */
  broken(): string | undefined;
  close(): Promise<void>;
}

/** Something that the drill talks to is gone; the message says what. */
export class Lost extends Error {
  override readonly name = 'Lost';
}

/** Never through a proxy: NODE_USE_ENV_PROXY would send even what is on this machine to it. */
const direct = new Agent();

/** One HTTP call to a part of the scene. @throws {Lost} when nothing answers in time */
export async function call(what: string, url: string, options: RequestInit = {}): Promise<Response> {
  try {
    const response = await fetch(url, { ...options, dispatcher: direct, signal: AbortSignal.timeout(patienceMs) });
    // The body is read here, so that it cannot break off later.
    return new Response(await response.text(), { status: response.status });
  } catch (error) {
    const why = codeOf(error) ?? textOf(error instanceof Error ? (error.cause ?? error) : error);
    throw new Lost(`${what} at ${new URL(url).origin} does not answer (${why})`, { cause: error });
  }
}

const patienceMs = 10_000;
