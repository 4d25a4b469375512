/**
 * The yardstick: the least a Node server can do for the same traffic. `unary` parses and stringifies, `stream` writes
 * ready-made strings, `paced` writes ready-made frames every 20 ms from one wheel with slots of a millisecond.
 */
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createHistogram } from '../../src/core/histogram.ts';
import { createMetrics } from '../../src/core/registry.ts';

const [mode = 'unary', chunkCount = '50'] = process.argv.slice(2);

const completion = {
  choices: [
    {
      finish_reason: 'stop',
      index: 0,
      message: {
        content:
          'Here is a short answer. It has about as many characters as the ones the mock generates, so that both write alike.',
        role: 'assistant',
      },
    },
  ],
  created: 1795369395,
  id: '20261123014315f778fa2228c67b06',
  model: 'glm-4.6',
  object: 'chat.completion',
  request_id: '20261123014315f778fa2228c67b06',
  usage: {
    completion_tokens: 38,
    completion_tokens_details: { reasoning_tokens: 0 },
    prompt_tokens: 6,
    prompt_tokens_details: { cached_tokens: 0 },
    total_tokens: 44,
  },
};
const chunk =
  'data: {"id":"20261123014315c98b7a3d0b76c9d3","created":1795369395,"object":"chat.completion.chunk","model":"glm-4.6","choices":[{"index":0,"delta":{"role":"assistant","content":" sentence"}}]}\n\n';

interface Stream {
  due: number;
  left: number;
  readonly socket: Socket;
}

const framed = Buffer.from(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
const metrics = createMetrics();
const lateness = createHistogram();
metrics.expose('glm_mock_chunk_lateness_seconds', {}, lateness);
const slots = 1024;
const wheel: Stream[][] = Array.from({ length: slots }, () => []);
let hand = Math.floor(performance.now());
let turning = false;

function schedule(stream: Stream): void {
  if (!turning) {
    turning = true;
    hand = Math.floor(performance.now());
    setTimeout(turn, 1);
  }
  wheel[Math.max(hand, Math.ceil(stream.due)) % slots]?.push(stream);
}

function turn(): void {
  for (const now = Math.floor(performance.now()); hand <= now; hand++) {
    const due = wheel[hand % slots] ?? [];
    wheel[hand % slots] = [];
    for (const stream of due) step(stream);
  }
  turning = wheel.some(slot => slot.length > 0);
  if (turning) setTimeout(turn, 1);
}

/** Writes every frame that is due by now at once, so that a late stream catches up. */
function step(stream: Stream): void {
  let count = 0;
  for (const now = performance.now(); stream.due <= now && stream.left > 0; stream.left--, stream.due += 20) {
    lateness.record(now - stream.due);
    count++;
  }
  stream.socket.write(count === 1 ? framed : Buffer.concat(Array.from({ length: count }, () => framed)));
  if (stream.left > 0) schedule(stream);
  else stream.socket.write('0\r\n\r\n');
}

const server = createServer((req, res) => {
  if (req.url === '/metrics') return void metrics.text().then(text => res.end(text));
  const parts: Buffer[] = [];
  req.on('data', (part: Buffer) => parts.push(part));
  req.on('end', () => {
    const { model } = JSON.parse(Buffer.concat(parts).toString()) as { model: string };
    if (mode === 'paced') {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      schedule({ due: performance.now() + 200, left: Number(chunkCount), socket: res.socket as Socket });
      return;
    }
    if (mode === 'unary') {
      const body = JSON.stringify({ ...completion, model });
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
      res.end(body);
      return;
    }
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let i = 1; i < Number(chunkCount); i++) res.write(chunk);
    res.end('data: [DONE]\n\n');
  });
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  process.stdout.write(`base URL http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
