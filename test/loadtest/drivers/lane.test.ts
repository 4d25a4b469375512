/** A lane over a socket that the test plays: what happens within one turn of the event loop. */
import { EventEmitter } from 'node:events';
import type { OnReadOpts, Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { CallRecord } from '../../../src/core/call.ts';
import { createManualClock } from '../../../src/core/clock.ts';
import { createHangUps } from '../../../src/loadtest/drivers/socket/hang-ups.ts';
import { createInbox } from '../../../src/loadtest/drivers/socket/inbox.ts';
import { Lane } from '../../../src/loadtest/drivers/socket/lane.ts';
import * as fake from '../../support/fake-glm.ts';

/** As much of a socket as a lane uses. */
interface PlayedSocket extends EventEmitter {
  /** Brings bytes, as a read does. */
  brings(text: string): void;
  readonly written: string[];
  destroyed: boolean;
  errored: Error | null;
  writableLength: number;
}

function lane({ total = 1000 } = {}) {
  const clock = createManualClock();
  const turn: (() => void)[] = [];
  const sockets: PlayedSocket[] = [];
  const inbox = createInbox({ clock, soon: fn => void turn.push(fn) });
  const open = ({ callback }: OnReadOpts) => {
    const socket: PlayedSocket = Object.assign(new EventEmitter(), {
      brings: (text: string) => void callback(inbox.buffer.write(text), inbox.buffer),
      written: [] as string[],
      destroyed: false,
      errored: null,
      writableLength: 0,
      write: (text: string) => socket.written.push(text),
      destroy: () => {
        socket.destroyed = true;
      },
    });
    sockets.push(socket);
    return socket as unknown as Socket;
  };
  const target = { secure: false, open, request: (body: string) => body };
  const own = new Lane({ target, stream: false, deadlines: { total }, clock, hangUps: createHangUps(), inbox });
  const records: CallRecord[] = [];
  const send = (text: string, signal = new AbortController().signal) =>
    void own
      .send({ text, intendedMs: clock.now(), signal, onSent: undefined, onGap: undefined })
      .then(record => records.push(record));
  /** Ends the turn, and lets promises that were kept in it be heard. */
  const endTurn = async () => {
    for (const fn of turn.splice(0)) fn();
    await new Promise(setImmediate);
  };
  const kinds = () => records.map(({ outcome }) => outcome.kind);
  return { clock, sockets, own, send, endTurn, records, kinds };
}

const text = JSON.stringify(fake.completion({ content: 'pong' }));
const answer = `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;

test('what an abandoned connection still brought is not the next answer', async () => {
  const { sockets, send, endTurn, kinds } = lane();
  const stop = new AbortController();
  send('first', stop.signal);
  sockets[0]?.emit('connect');
  sockets[0]?.brings(answer.slice(0, 30));
  stop.abort();
  send('second');
  sockets[1]?.emit('connect');
  sockets[0]?.brings(answer.slice(30));
  await endTurn();
  expect([kinds(), sockets[0]?.destroyed, sockets[1]?.written]).toEqual([['cancelled'], true, ['second']]);
  sockets[1]?.brings(answer);
  await endTurn();
  expect(kinds()).toEqual(['cancelled', 'ok']);
});

test('nor is its end the end of the next one', async () => {
  const { sockets, send, endTurn, kinds } = lane();
  const stop = new AbortController();
  send('first', stop.signal);
  sockets[0]?.emit('connect');
  stop.abort();
  send('second');
  sockets[1]?.emit('connect');
  for (const event of ['end', 'error', 'close']) sockets[0]?.emit(event, new Error('gone'));
  sockets[1]?.brings(answer);
  await endTurn();
  expect(kinds()).toEqual(['cancelled', 'ok']);
});

test('an answer that has been read when the deadline fires was in time', async () => {
  const { clock, sockets, send, endTurn, records } = lane({ total: 50 });
  send('first');
  sockets[0]?.emit('connect');
  clock.advance(40);
  sockets[0]?.brings(answer);
  clock.advance(20);
  await endTurn();
  expect(records).toMatchObject([{ outcome: { kind: 'ok' }, headMs: 40, endMs: 40, deadline: undefined }]);
});

test('an answer that has been read when the connection breaks is whole', async () => {
  for (const event of ['end', 'error', 'close']) {
    const { sockets, send, endTurn, kinds } = lane();
    send('first');
    sockets[0]?.emit('connect');
    sockets[0]?.brings(answer);
    sockets[0]?.emit(event, Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    await endTurn();
    expect([event, kinds()]).toEqual([event, ['ok']]);
  }
});

test('a connection that closes without a word ends the request', async () => {
  const { sockets, send, endTurn, records } = lane();
  send('first');
  sockets[0]?.emit('connect');
  sockets[0]?.emit('close');
  await endTurn();
  expect(records).toMatchObject([{ outcome: { kind: 'reset', detail: 'closed before an answer' } }]);
});

test('a request of which a part has not been sent when the answer is there leaves no connection for the next', async () => {
  const { sockets, send, endTurn, kinds } = lane();
  send('first');
  const [socket] = sockets;
  socket?.emit('connect');
  if (socket !== undefined) socket.writableLength = 5;
  socket?.brings(answer);
  await endTurn();
  send('second');
  expect([kinds(), socket?.destroyed, sockets.length]).toEqual([['ok'], true, 2]);
});

test('a connection that is dead when it is written to is replaced, once for each time', async () => {
  const { sockets, send, endTurn, records } = lane();
  send('first');
  sockets[0]?.emit('connect');
  sockets[0]?.brings(answer);
  await endTurn();
  if (sockets[0] !== undefined) sockets[0].errored = new Error('EPIPE');
  send('second');
  sockets[1]?.emit('connect');
  sockets[1]?.brings(answer);
  await endTurn();
  expect(records).toMatchObject([
    { outcome: { kind: 'ok' }, reusedConnection: false },
    { outcome: { kind: 'ok' }, reusedConnection: false },
  ]);
  expect(sockets.map(({ written }) => written)).toEqual([['first', 'second'], ['second']]);
});

test('closing ends the request under way', async () => {
  const { own, sockets, send, endTurn, kinds } = lane();
  send('first');
  sockets[0]?.emit('connect');
  own.close();
  await endTurn();
  expect([kinds(), sockets[0]?.destroyed]).toEqual([['internal'], true]);
});
