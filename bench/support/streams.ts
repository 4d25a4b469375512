/**
 * Many paced streams at once over raw sockets, in a process of its own. Prints one JSON line: how late each stream ended and each
 * chunk arrived against the pace that was asked for, as seen from here.
 * Arguments: base URL, key, number of streams, chunks per stream, ttft in ms, itl in ms, ramp in ms, body.
 */
import { connect } from 'node:net';
import { systemClock } from '../../src/core/clock.ts';
import { createHistogram } from '../../src/core/histogram.ts';

const [url = '', key = '', count = '1', chunkCount = '1', ttft = '0', itl = '0', ramp = '0', body = '{}'] =
  process.argv.slice(2);
const target = new URL(`${url}/chat/completions`);
const request = `POST ${target.pathname} HTTP/1.1\r\nHost: ${target.host}\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const idealMs = Number(ttft) + (Number(chunkCount) - 1) * Number(itl);
const lateness = createHistogram();
const ends = createHistogram();
let failed = 0;

/** One stream: resolves when its last byte is in. */
async function stream(index: number): Promise<void> {
  await systemClock.sleep((Number(ramp) * index) / Number(count));
  await new Promise<void>(resolve => {
    const socket = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
    let begun = 0;
    let seen = 0;
    let tail = '';
    socket.once('connect', () => {
      begun = performance.now();
      socket.write(request);
    });
    socket.on('data', bytes => {
      const at = performance.now() - begun;
      const text = tail + bytes.toString('latin1');
      for (let from = text.indexOf('"delta"'); from >= 0; from = text.indexOf('"delta"', from + 7)) {
        if (seen < Number(chunkCount)) lateness.record(Math.max(0, at - (Number(ttft) + seen * Number(itl))));
        seen++;
      }
      tail = text.slice(-6).includes('"') ? text.slice(-6) : '';
      if (!text.endsWith('0\r\n\r\n')) return;
      ends.record(Math.max(0, at - idealMs));
      if (seen < Number(chunkCount)) failed++;
      socket.destroy();
      resolve();
    });
    socket.once('error', () => {
      failed++;
      resolve();
    });
  });
}

await Promise.all(Array.from({ length: Number(count) }, (_, index) => stream(index)));
process.stdout.write(`${JSON.stringify({ failed, chunks: lateness.summary(), ends: ends.summary() })}\n`);
