/**
 * What the drivers are held against: the least that a socket, undici and autocannon can do for the same traffic. They find
 * tokens by looking for a key, know no error, and are right about the truth server alone.
 */
import { connect, type Socket } from 'node:net';
import autocannon from 'autocannon';
import { Client } from 'undici';
import { createStreamReader } from '../../src/core/call/reader.ts';
import { type Draft, newDraft } from '../../src/core/call/record.ts';
import { systemClock as clock } from '../../src/core/clock.ts';
import type { CreateDriver } from '../../src/loadtest/drivers/driver.ts';

type OnGap = ((ms: number) => void) | undefined;

/** Notes the tokens of a piece of an answer, which must hold whole events. */
function scan(draft: Draft, bytes: Buffer, atMs: number, onGap: OnGap): void {
  draft.headMs ??= atMs;
  for (let at = bytes.indexOf(token); at >= 0; at = bytes.indexOf(token, at + token.length)) {
    if (draft.lastTokenMs === undefined) draft.firstTokenMs = atMs;
    else if (draft.lastTokenMs === atMs) draft.coalesced++;
    else onGap?.(atMs - draft.lastTokenMs);
    draft.lastTokenMs = atMs;
  }
  if (bytes.includes(truthKey)) draft.id = /"id":"(truth:[^"]*)"/.exec(bytes.toString('latin1'))?.[1];
}

const token = Buffer.from('"content":" ');
const truthKey = Buffer.from('"truth:');

/** A kept connection for each request under way. */
function lanesOf<T>(make: () => T) {
  const idle: T[] = [];
  return { take: () => idle.pop() ?? make(), give: (lane: T) => idle.push(lane) };
}

const requestOf = (url: URL, body: string) =>
  `POST ${url.pathname}/chat/completions HTTP/1.1\r\nhost: ${url.host}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** Raw sockets that read into one buffer. */
export const rawSocket: CreateDriver = ({ baseUrl, stream }) => {
  const url = new URL(baseUrl);
  const buffer = Buffer.alloc(65_536);
  const lanes = lanesOf(() => {
    const lane = { socket: undefined as Socket | undefined, read: (_: Buffer, __: number) => {} };
    const callback = (length: number) => {
      const atMs = clock.now();
      lane.read(buffer.subarray(0, length), atMs);
      return true;
    };
    lane.socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true, onread: { buffer, callback } });
    return lane;
  });
  const send: ReturnType<CreateDriver>['send'] = (body, { onGap }) =>
    new Promise(resolve => {
      const lane = lanes.take();
      const draft = newDraft(clock.now(), clock.now());
      lane.read = (bytes, atMs) => {
        scan(draft, bytes, atMs, onGap);
        if (stream && !bytes.subarray(-5).equals(lastChunk)) return;
        draft.endMs = atMs;
        draft.outcome = { kind: 'ok' };
        lanes.give(lane);
        resolve(draft);
      };
      draft.sentMs = clock.now();
      lane.socket?.write(requestOf(url, body));
    });
  return { send, close: async () => {} };
};

const lastChunk = Buffer.from('0\r\n\r\n');

/** undici's Client, one for each connection, with nothing around it. */
export const undiciByHand: CreateDriver = ({ baseUrl }) => {
  const url = new URL(baseUrl);
  const lanes = lanesOf(() => new Client(url.origin, { pipelining: 1, headersTimeout: 0, bodyTimeout: 0 }));
  const send: ReturnType<CreateDriver>['send'] = (body, { onGap }) =>
    new Promise((resolve, reject) => {
      const lane = lanes.take();
      const draft = newDraft(clock.now(), clock.now());
      const path = `${url.pathname}/chat/completions`;
      let reading = false;
      let readMs = 0;
      lane.dispatch(
        { method: 'POST', path, body },
        {
          onRequestStart: () => {},
          onResponseStart: () => {},
          onRequestSent: () => {
            draft.sentMs = clock.now();
          },
          onResponseData: (_, bytes) => {
            // Called for every HTTP chunk; those of one read come in one go.
            if (!reading) {
              reading = true;
              readMs = clock.now();
              queueMicrotask(() => {
                reading = false;
              });
            }
            scan(draft, bytes, readMs, onGap);
          },
          onResponseEnd: () => {
            draft.outcome = { kind: 'ok' };
            lanes.give(lane);
            resolve(draft);
          },
          onResponseError: (_, error) => reject(error),
        },
      );
    });
  return { send, close: async () => {} };
};

/** What we use of an autocannon client beyond its published type; see the driver. */
interface Gun extends autocannon.Client {
  readonly pipelinedRequests: { addBody(bytes: Buffer): void };
  readonly conn: Socket;
  _connect(): void;
  _doRequest(): void;
  fire?: (body: string, onGap: OnGap) => Promise<Draft>;
}

/** autocannon's sockets and parser for streams, gated from `setupClient`; each HTTP chunk is a body event. */
export const autocannonGated: CreateDriver = ({ baseUrl, concurrency }) => {
  const guns: Gun[] = [];
  const options: autocannon.Options = {
    url: `${baseUrl}/chat/completions`,
    method: 'POST',
    connections: concurrency,
    duration: 100_000,
    timeout: 100_000,
    skipAggregateResult: true,
    setupClient: client => void guns.push(gate(client as Gun)),
  };
  const instance = autocannon(options, () => {});
  const send: ReturnType<CreateDriver>['send'] = async (body, { onGap }) => {
    const gun = guns.pop();
    const draft = await gun?.fire?.(body, onGap);
    if (gun === undefined || draft === undefined) throw new Error('more requests at once than connections');
    guns.push(gun);
    return draft;
  };
  return { send, close: async () => instance.stop() };
};

function gate(gun: Gun): Gun {
  const base: Gun = Object.getPrototypeOf(gun);
  let read: (bytes: Buffer) => void = () => {};
  let end = () => {};
  let readMs = 0;
  gun._doRequest = () => {};
  gun.pipelinedRequests.addBody = bytes => read(bytes);
  gun._connect = () => {
    base._connect.call(gun);
    gun.conn.setNoDelay(true).prependListener('data', () => {
      readMs = clock.now();
    });
  };
  gun.on('response', () => end());
  gun.fire = (body, onGap) =>
    new Promise(resolve => {
      const draft = newDraft(clock.now(), clock.now());
      const reader = createStreamReader(draft, { onGap });
      read = bytes => reader.feed(bytes, readMs);
      end = () => {
        draft.outcome = reader.end();
        resolve(draft);
      };
      gun.setBody(body);
      draft.sentMs = clock.now();
      base._doRequest.call(gun);
    });
  return gun;
}
