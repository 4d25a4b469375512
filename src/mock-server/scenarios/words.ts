/** Answers that are complete on the wire and wrong in what they say. */
import type { FinishReason } from '../../core/wire/chat.ts';
import type { Answer } from '../answer.ts';
import type { Scenario } from './scenario.ts';

const join = (pieces: readonly string[] | undefined) => pieces?.join('') ?? '';

/** The part of an answer that came before it was stopped. */
const stopped =
  (finish: FinishReason): NonNullable<Scenario['answer']> =>
  (answer, { params }) => ({
    ...answer,
    content:
      answer.content.length > 1
        ? answer.content.slice(0, params.after)
        : answer.content.map(text => text.slice(0, Math.ceil(text.length / 2))),
    toolCalls: [],
    finish,
  });

/** A call whose name took in the template that should have been its arguments. */
const leaked = ({ toolCalls, ...answer }: Answer): Answer =>
  toolCalls.length > 0
    ? {
        ...answer,
        toolCalls: toolCalls.map(call => ({
          ...call,
          name: `${call.name}<arg_key>${firstKey(call.arguments)}</arg_key><arg_value>…</arg_value>`,
          arguments: '{}',
        })),
      }
    : {
        ...answer,
        toolCalls,
        content: [
          '<tool_call>read\n',
          '<arg_key>filePath</arg_key>\n',
          '<arg_value>a.txt</arg_value>\n',
          '</tool_call>',
        ],
      };

const firstKey = (json: string) => /"([^"]+)"\s*:/.exec(json)?.[1] ?? 'value';

export const words: readonly Scenario[] = [
  {
    name: 'reasoning-only',
    id: 'F13',
    summary: 'the model thinks and never answers: content is empty',
    wire: 'only reasoning_content, finish_reason `value` (stop or length)',
    evidence: 'aerele/jarvis#526; openclaw/openclaw#76048; mistralai/client-python#628',
    mark: 'R',
    advice:
      'An empty content is a failure of its own: raise max_tokens or turn thinking off; do not show an empty answer.',
    outcome: 'reasoning_only',
    defaults: { value: 'stop' },
    choices: { value: { values: ['stop', 'length'] } },
    answer: (answer, { params }) => ({
      ...answer,
      reasoning: answer.reasoning ?? answer.content,
      content: [],
      toolCalls: [],
      finish: params.value === 'length' ? 'length' : 'stop',
    }),
  },
  {
    name: 'think-in-content',
    id: 'F14',
    summary: 'the thinking stands inside the content',
    wire: 'content "<think>…</think>…", no reasoning_content',
    evidence: 'PI; zai-org/GLM-V#243',
    mark: 'R',
    advice: 'Strip it before showing or storing the answer.',
    outcome: 'ok',
    answer: ({ reasoning, ...answer }) => ({
      ...answer,
      reasoning: undefined,
      content: ['<think>', ...(reasoning ?? ['I should answer.']), '</think>', ...answer.content],
    }),
  },
  {
    name: 'answer-in-reasoning',
    id: 'F15',
    summary: 'the answer stands inside reasoning_content, content is null',
    wire: '"content":null,"reasoning_content":"…"',
    evidence: 'zai-org/GLM-V#206',
    mark: 'R',
    advice: 'content may be null: treat it as empty, and as a failure of its own.',
    outcome: 'reasoning_only',
    answer: answer => ({
      ...answer,
      reasoning: [...(answer.reasoning ?? []), ...answer.content],
      content: [],
      nullContent: true,
    }),
  },
  {
    name: 'tool-template-leak',
    id: 'F16',
    summary: 'the template of tool calls leaks into the name, or into the text when no tool is called',
    wire: '{"name":"read<arg_key>filePath</arg_key>…","arguments":"{}"}, or <tool_call>… in content',
    evidence: 'zai-org/GLM-5#84; fw-ai-external/python-sdk#119; getsigit/sigit#95',
    mark: 'R',
    advice: 'Check the name against the tools that were offered; answer an unknown one with an error for the model.',
    outcome: 'ok',
    answer: leaked,
  },
  {
    name: 'tool-arguments-broken',
    id: 'F17',
    summary: 'the arguments of a tool call are not valid JSON',
    wire: 'arguments without their second half',
    evidence: 'sgl-project/sglang#19345; anomalyco/opencode#13900',
    mark: 'R',
    advice: 'Parse arguments in a guard; give the mistake to the model as the tool’s answer.',
    outcome: 'ok',
    answer: answer => ({
      ...answer,
      toolCalls: answer.toolCalls.map(call => ({
        ...call,
        arguments: call.arguments.slice(0, Math.floor(call.arguments.length / 2)),
      })),
    }),
  },
  {
    name: 'tool-chunk-odd',
    id: 'F18',
    summary: 'a streamed tool call has index -1, no role, and brings the finish_reason itself',
    wire: '{"index":0,"finish_reason":"tool_calls","delta":{"tool_calls":[{"id":"…","index":-1,…}]}}',
    evidence: 'idx 25800225427',
    mark: 'R',
    advice: 'Do not use index as a position in a list; keep the order of arrival.',
    outcome: 'ok',
    dialect: dialect => ({ ...dialect, toolChunk: { role: false, finish: true, minusOne: true } }),
  },
  {
    name: 'sse-in-content',
    id: 'F20',
    summary: 'the model writes text that looks like a stream',
    wire: 'content that holds data: {"id":… and blank lines',
    evidence: 'zai-org/GLM-5#66 mode 2',
    mark: 'R',
    advice: 'Parse frames by lines and then JSON; never search the whole text for "data:".',
    outcome: 'ok',
    answer: answer => ({
      ...answer,
      content: [
        'data: {"id":"20260101000000',
        '0123456789abcdef","choices":[]}\n\n',
        'data: [DONE]\n\n',
        ...answer.content,
      ],
    }),
  },
  {
    name: 'other-model',
    id: 'F21',
    summary: 'the answer names another model than the request',
    wire: '"model":"glm-5.3"',
    evidence: 'NousResearch/hermes-agent#89241',
    mark: 'R',
    advice: 'Do not compare the names; log the one that answered.',
    outcome: 'ok',
    defaults: { value: 'glm-5.3' },
    answer: (answer, { params }) => ({ ...answer, model: params.value }),
  },
  {
    name: 'json-ignored',
    id: 'F27',
    summary: 'JSON mode is silently ignored',
    wire: 'plain text in content, 200',
    evidence: 'DIAL',
    mark: 'R',
    advice: 'Parse in a guard and ask again; response_format is a wish.',
    outcome: 'ok',
    answer: answer => ({
      ...answer,
      content: ['Sure! ', 'Here is ', 'what you ', 'asked for.'],
      toolCalls: [],
      finish: 'stop',
    }),
  },
  {
    name: 'one-chunk',
    id: 'F28',
    summary: 'the whole answer comes in one chunk, as from a proxy that buffers',
    wire: 'one content chunk',
    evidence: 'a class in DIAL; not recorded for this host',
    mark: 'G',
    advice: 'Do not depend on the size of chunks.',
    outcome: 'ok',
    answer: answer => ({
      ...answer,
      reasoning: answer.reasoning && [join(answer.reasoning)],
      content: answer.content.length > 0 ? [join(answer.content)] : [],
    }),
  },
  {
    name: 'leading-newline',
    id: 'F29',
    summary: 'thinking and content begin with a newline',
    wire: '"reasoning_content":"\\n", "content":"\\n"',
    evidence: 'ST2, ST4, ST9',
    mark: 'R',
    advice: 'Trim before you compare, parse or match a stop word.',
    outcome: 'ok',
    answer: answer => ({
      ...answer,
      reasoning: answer.reasoning && ['\n', ...answer.reasoning],
      content: ['\n', ...answer.content],
    }),
  },
  {
    name: 'silent-search',
    id: 'F32',
    summary: 'web_search is offered and silently not used',
    wire: 'an answer without web_search[]',
    evidence: 'PI',
    mark: 'R',
    advice: 'Look for web_search in the answer before you cite sources.',
    outcome: 'ok',
    answer: answer => ({ ...answer, toolCalls: answer.toolCalls.filter(call => call.name !== 'web_search') }),
  },
  {
    name: 'sensitive-finish',
    id: 'W1',
    summary: 'content review stops the answer half way, with HTTP 200',
    wire: 'finish_reason "sensitive" after `after` pieces of text',
    evidence: 'glm-api.md §3.2, documented',
    mark: 'D',
    advice: 'This is not an answer: say so to the user, and do not repeat it.',
    outcome: 'content_filtered',
    defaults: { after: 3 },
    answer: stopped('sensitive'),
  },
  {
    name: 'length-finish',
    id: 'W2',
    summary: 'the answer is cut at the token limit',
    wire: 'finish_reason "length" after `after` pieces of text',
    evidence: 'glm-api.md §3.2',
    mark: 'R',
    advice: 'Say that it is cut, or go on with a higher max_tokens.',
    outcome: 'ok',
    defaults: { after: 3 },
    answer: stopped('length'),
  },
  {
    name: 'context-finish',
    id: 'W3',
    summary: 'the context window is full in the middle of the answer',
    wire: 'finish_reason "model_context_window_exceeded"',
    evidence: 'any-llm#1200, #1204; pi#1868',
    mark: 'D',
    advice: 'Shorten the conversation; an unknown finish_reason must not crash.',
    outcome: 'context_exceeded',
    defaults: { after: 3 },
    answer: stopped('model_context_window_exceeded'),
  },
  {
    name: 'body-for-stream',
    id: 'W4',
    summary: 'a stream was asked for and one JSON body comes',
    wire: '200, application/json, a whole completion',
    evidence: 'anchors: llama.cpp#16109; any-llm#847',
    mark: 'X',
    advice: 'Look at the content type before reading events.',
    outcome: 'contract',
    unary: 'ok',
    unstream: true,
  },
];
