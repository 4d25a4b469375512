import { expect, test } from 'vitest';
import { createFlights } from '../../src/mock-server/flights.ts';

const tea = { keyId: 'a', model: 'glm-4.6' };
const cake = { keyId: 'a', model: 'glm-5' };

test('what began and has not ended is under way, for each key and model', () => {
  const flights = createFlights();
  for (const route of [tea, cake, tea, { ...tea, keyId: 'b' }]) flights.begin(route);
  flights.end(cake);
  expect([tea, cake].map(flights.of)).toEqual([2, 0]);
  expect(flights.list()).toEqual([
    { ...tea, count: 2 },
    { ...tea, keyId: 'b', count: 1 },
  ]);
});

test('one that was gone for a while counts from the start again', () => {
  const flights = createFlights();
  for (let i = 0; i < 3; i++) {
    flights.begin(tea);
    flights.begin(cake);
    expect(flights.list().map(({ count }) => count)).toEqual([1, 1]);
    flights.end(tea);
    flights.end(cake);
    expect(flights.list()).toEqual([]);
  }
});

test('what is told of them is a copy', () => {
  const flights = createFlights();
  flights.begin(tea);
  const before = flights.list();
  flights.begin(tea);
  expect(before).toEqual([{ ...tea, count: 1 }]);
});
