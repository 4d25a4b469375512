import { expect, test } from 'vitest';
import { createManualClock } from '../../../src/core/clock.ts';
import { createInbox, type Receiver } from '../../../src/loadtest/drivers/socket/inbox.ts';

/** An inbox whose turn of the event loop the test ends. */
function inboxFor(readBytes?: number) {
  const clock = createManualClock();
  const turns: (() => void)[] = [];
  const soon = (fn: () => void) => void turns.push(fn);
  const inbox = createInbox({ clock, soon, ...(readBytes === undefined ? {} : { readBytes }) });
  const seen: [string, string, number][] = [];
  const receiver = (name: string): Receiver => ({
    read: (bytes, from, to, atMs) => seen.push([name, bytes.toString('utf8', from, to), atMs]),
  });
  const comes = (from: Receiver, text: string) => inbox.add(from, inbox.buffer.write(text));
  const endTurn = () => {
    for (const fn of turns.splice(0)) fn();
  };
  return { clock, inbox, turns, seen, receiver, comes, endTurn };
}

test('reads have the stamps of their moments, and are handed over in order when the turn ends', () => {
  const { clock, turns, seen, receiver, comes, endTurn } = inboxFor();
  const [a, b] = [receiver('a'), receiver('b')];
  comes(a, 'one');
  clock.advance(1);
  comes(b, 'two');
  clock.advance(1);
  comes(a, 'three');
  expect([seen, turns.length]).toEqual([[], 1]);
  clock.advance(5);
  endTurn();
  expect(seen).toEqual([
    ['a', 'one', 0],
    ['b', 'two', 1],
    ['a', 'three', 2],
  ]);
});

test('what one connection brings in a row is one read, with the stamp of its beginning', () => {
  const { clock, seen, receiver, comes, endTurn } = inboxFor();
  const [a, b] = [receiver('a'), receiver('b')];
  comes(a, 'one ');
  clock.advance(1);
  comes(a, 'two ');
  comes(a, 'three');
  comes(b, 'four');
  endTurn();
  comes(b, 'five');
  endTurn();
  expect(seen).toEqual([
    ['a', 'one two three', 0],
    ['b', 'four', 1],
    ['b', 'five', 1],
  ]);
});

test('it can be emptied before the turn ends, and then the turn brings nothing twice', () => {
  const { inbox, seen, receiver, comes, endTurn } = inboxFor();
  comes(receiver('a'), 'one');
  inbox.flush();
  inbox.flush();
  endTurn();
  expect(seen).toEqual([['a', 'one', 0]]);
});

test('more than it holds is handed over earlier, and nothing is lost', () => {
  const { seen, receiver, comes, endTurn } = inboxFor(64);
  const texts = Array.from({ length: 5000 }, (_, i) => `${i}`.padStart(1 + (i % 64), '.'));
  texts.forEach((text, i) => {
    comes(receiver(`${i}`), text);
  });
  endTurn();
  expect(seen.map(([, text]) => text)).toEqual(texts);
});

test('a receiver that empties it while it is being read gets nothing twice', () => {
  const { inbox, seen, receiver, comes, endTurn } = inboxFor();
  const curious: Receiver = {
    read: (...read) => {
      receiver('curious').read(...read);
      inbox.flush();
    },
  };
  comes(curious, 'one');
  comes(receiver('b'), 'two');
  endTurn();
  expect(seen.map(([name, text]) => `${name} ${text}`)).toEqual(['curious one', 'b two']);
});

test('what a receiver was not told when it left is thrown away, and only that', () => {
  const { inbox, seen, receiver, comes, endTurn } = inboxFor();
  const [a, b] = [receiver('a'), receiver('b')];
  comes(a, 'one');
  comes(b, 'two');
  comes(a, 'three');
  inbox.forget(a);
  comes(a, 'four');
  endTurn();
  expect(seen.map(([name, text]) => `${name} ${text}`)).toEqual(['b two', 'a four']);
});

test('a receiver may leave while it is being read', () => {
  const { inbox, seen, receiver, comes, endTurn } = inboxFor();
  const b = receiver('b');
  const a: Receiver = {
    read: (...read) => {
      receiver('a').read(...read);
      inbox.forget(b);
    },
  };
  comes(a, 'one');
  comes(b, 'two');
  endTurn();
  expect(seen.map(([name]) => name)).toEqual(['a']);
});
