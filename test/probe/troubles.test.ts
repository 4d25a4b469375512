import { expect, test } from 'vitest';
import { type Health, troublesOf } from '../../src/probe/troubles.ts';

const nowMs = Date.UTC(2026, 10, 28, 12);
const well: Health = { silentMs: 20, nowMs, due: [{ id: 'a/chat/m', nextMs: nowMs }], unwritable: undefined };
const due = (...lateMs: number[]) => lateMs.map((ms, index) => ({ id: `check ${index}`, nextMs: nowMs - ms }));

test.each<[string, Partial<Health>, string[]]>([
  ['a prober at work', {}, []],
  ['one that was silent for five seconds', { silentMs: 5000 }, []],
  ['one that was silent for longer', { silentMs: 5600 }, ['nothing has moved for 6 s']],
  ['a check that never comes', { due: [{ id: 'a', nextMs: undefined }] }, []],
  ['no checks', { due: [] }, []],
  ['checks that are late', { due: due(0, 5000, 5001, 60_000) }, ['not started in time: check 2, check 3']],
  ['a full disk', { unwritable: 'disk is full' }, ['the state cannot be written: disk is full']],
  [
    'all of it',
    { silentMs: 9000, due: due(9000), unwritable: 'x' },
    ['nothing has moved for 9 s', 'not started in time: check 0', 'the state cannot be written: x'],
  ],
])('%s is told so', (_, more, troubles) => {
  expect(troublesOf({ ...well, ...more })).toEqual(troubles);
});
