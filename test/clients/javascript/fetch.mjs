/** fetch: a question, a stream, a function call and a refusal, with nothing but what Node and browsers bring. */
import assert from 'node:assert/strict';

const { GLM_BASE_URL: baseUrl, GLM_API_KEY: key } = process.env;
assert(baseUrl && key, 'set GLM_BASE_URL and GLM_API_KEY');

/** Says what is checked; a failed expectation ends the program with a sentence. */
function check(sentence, holds, got) {
  assert(holds, `expected: ${sentence}\n  but got: ${JSON.stringify(got)}`);
  console.log(`  ok: ${sentence}`);
}

const post = body =>
  fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });

async function callApi(messages, more = {}) {
  const response = await post({ model: 'glm-4.6', messages, temperature: 1.0, ...more });
  if (!response.ok) throw new Error(`the call failed: ${response.status} ${await response.text()}`);
  return response.json();
}

/** The chunks of a stream, then `[DONE]`. */
async function* events(response) {
  let rest = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith('data: ')) continue;
      const data = line.slice(6);
      yield data === '[DONE]' ? data : JSON.parse(data);
    }
  }
}

const poem = [{ role: 'user', content: '写一首关于春天的诗' }];
const { choices, usage } = await callApi(poem);
const { content, reasoning_content: thinking } = choices[0].message;
check('the answer ends with finish_reason stop', choices[0].finish_reason === 'stop', choices[0]);
check('the answer is about the question', content.includes('春天'), content);
check('the usage adds up', usage.total_tokens === usage.prompt_tokens + usage.completion_tokens, usage);

const seen = { content: '', reasoning_content: '', last: undefined, done: false };
for await (const event of events(await post({ model: 'glm-4.6', messages: poem, stream: true }))) {
  if (event === '[DONE]') {
    seen.done = true;
    continue;
  }
  seen.last = event;
  seen.content += event.choices[0].delta.content ?? '';
  seen.reasoning_content += event.choices[0].delta.reasoning_content ?? '';
}
check('the stream ends with [DONE]', seen.done);
check('the deltas joined are the answer', seen.content === content, seen.content);
check('and the thinking', seen.reasoning_content === thinking, seen.reasoning_content);
check('the last chunk has finish_reason and usage', seen.last.choices[0].finish_reason === 'stop' && seen.last.usage);

const tools = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: '获取指定城市的天气',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];
const question = { role: 'user', content: '北京今天天气怎么样？' };
const { message } = (await callApi([question], { tools })).choices[0];
const call = message.tool_calls[0];
check('the model calls get_weather for the city', JSON.parse(call.function.arguments).city === '北京', call);
const result = { role: 'tool', tool_call_id: call.id, content: '{"temperature": 21}' };
const final = (await callApi([question, message, result], { tools })).choices[0];
check('the final answer uses the result', final.message.content.includes('21'), final);

const refused = await post({ model: 'gpt-4o', messages: poem, stream: true });
const { error } = await refused.json();
check('an unknown model is 400/1211, in a stream too', refused.status === 400 && error.code === '1211', error);
