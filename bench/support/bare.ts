/** The yardstick: the least a Node server can do for the same traffic. `unary` parses and stringifies, `stream` writes ready-made strings. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

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

const server = createServer((req, res) => {
  const parts: Buffer[] = [];
  req.on('data', (part: Buffer) => parts.push(part));
  req.on('end', () => {
    const { model } = JSON.parse(Buffer.concat(parts).toString()) as { model: string };
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
