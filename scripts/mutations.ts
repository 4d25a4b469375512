// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are source code
/** One fact of the wire altered at a time; `npm run test:mutation` expects a test to fail for each. */

export interface Mutation {
  /** Id in the ledger. */
  readonly fact: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

type Change = readonly [fact: string, find: string, replace: string];

const inFile = (file: string, changes: readonly Change[]): Mutation[] =>
  changes.map(([fact, find, replace]) => ({ fact, file, find, replace }));

export const mutations: readonly Mutation[] = [
  ...inFile('src/core/sse.ts', [
    ['stream.framing', '`data: ${data}\\n\\n`', '`data:${data}\\n\\n`'],
    ['stream.framing', '`data: ${data}\\n\\n`', '`data: ${data}\\r\\n\\r\\n`'],
    ['stream.framing', '`data: ${data}\\n\\n`', '`data: ${data}\\n`'],
    ['stream.framing', '`data: ${data}\\n\\n`', '`event: message\\ndata: ${data}\\n\\n`'],
    ['stream.no-comments', '`data: ${data}\\n\\n`', '`: keep-alive\\n\\ndata: ${data}\\n\\n`'],
    ['stream.done', "frame('[DONE]')", "frame('[done]')"],
    ['stream.done', "frame('[DONE]')", "''"],
  ]),

  ...inFile('src/mock-server/render/chunks.ts', [
    ['stream.text', 'text: `${before}${JSON.stringify(piece)}', 'text: `${before}${JSON.stringify(piece.trim())}'],
    ['stream.either', "i === 0 && lead === 'newline-with-content'", 'i === 0'],
    [
      'stream.sensitive',
      'JSON.stringify(answer.finish)',
      "JSON.stringify(answer.finish === 'sensitive' ? 'content_filter' : answer.finish)",
    ],
    [
      'stream.key-order',
      '{"index":0,"finish_reason":${JSON.stringify(answer.finish)},"delta":',
      '{"finish_reason":${JSON.stringify(answer.finish)},"index":0,"delta":',
    ],
    ['stream.middle-finish', '{"index":0,"delta":${json}}]}', '{"index":0,"delta":${json},"finish_reason":null}]}'],
    ['stream.role', '{"index":0,"delta":{"role":"assistant","content":`;', '{"index":0,"delta":{"content":`;'],
    ['stream.role', '`{"role":"assistant",${content}"reasoning_content"', '`{${content}"reasoning_content"'],
    ['stream.last', '{"role":"assistant","content":""}}],"usage":', '{}}],"usage":'],
    ['stream.last', '{"role":"assistant","content":""}}],"usage":', '{"role":"assistant","content":null}}],"usage":'],
    ['stream.last', ',"usage":${usageJson(answer.usage)}', ''],
    ['stream.done', 'yield { text: done, tokens: 0 };', ''],
    ['stream.object', '"chat.completion.chunk"', '"chat.completion"'],
    [
      'stream.key-order',
      '"created":${answer.created}${kind},"model":${JSON.stringify(answer.model)}',
      '"created":${answer.created},"model":${JSON.stringify(answer.model)}${kind}',
    ],
    ['stream.constant', '"created":${answer.created}${kind}', '"created":${answer.created + 1}${kind}'],
    [
      'stream.no-request-id',
      '`{"id":${JSON.stringify(answer.id)},',
      '`{"id":${JSON.stringify(answer.id)},"request_id":${JSON.stringify(answer.requestId)},',
    ],
    ['stream.order', 'if (answer.reasoning !== undefined) yield* thinking(open, answer, dialect);', ''],
    ['stream.lead-st4', "lead === 'content-first')", "lead === 'plain')"],
    ['stream.lead-st2', "i === 0 && lead === 'newline-with-content'", "lead === 'newline-with-content'"],
    ['stream.lead-st2', '\'"content":"",\'', "''"],
    ['stream.finish-on-call', 'dialect.toolChunk.finish ?', '!dialect.toolChunk.finish ?'],
    ['stream.minus-one', 'toolChunk.minusOne ? -1 : index', 'index'],
    ['stream.minus-one', 'toolChunk.role ? \'"role":"assistant",\' : \'\'', '\'"role":"assistant",\''],
    ['stream.several-calls', 'toolChunk.minusOne ? -1 : index', 'toolChunk.minusOne ? -1 : 0'],
    ['stream.whole-call', 'if (options.toolStream)', 'if (!options.toolStream)'],
    ['stream.tool-stream', "name: call.name, arguments: '' } }", 'name: call.name, arguments: call.arguments } }'],
    [
      'stream.tool-stream-repeats',
      "options.toolStreamRepeats ?? 'nothing'",
      "options.toolStreamRepeats ?? 'id_and_type'",
    ],
    ['stream.tool-stream-repeats', "repeats === 'everything' ?", "repeats === 'nothing' ?"],
    [
      'stream.usage-order',
      'prompt_tokens,\n    completion_tokens,\n    total_tokens,',
      'completion_tokens,\n    prompt_tokens,\n    total_tokens,',
    ],
    [
      'stream.usage-order',
      'prompt_tokens_details,\n    completion_tokens_details,\n  });',
      'completion_tokens_details,\n    prompt_tokens_details,\n  });',
    ],
  ]),

  ...inFile('src/mock-server/render/completion.ts', [
    ['body.raw-utf8', "JSON.stringify(pieces.join(''))", "JSON.stringify(pieces.join('')).replaceAll('/', '\\\\/')"],
    ['body.one-choice', '"index":0,"message"', '"index":0,"logprobs":null,"message"'],
    ['body.alphabetical', '"finish_reason":"${finish}","index":0', '"index":0,"finish_reason":"${finish}"'],
    ['body.alphabetical', '"created":${created},"id":"${id}"', '"id":"${id}","created":${created}'],
    [
      'body.alphabetical',
      'function: { arguments: call.arguments, name: call.name }',
      'function: { name: call.name, arguments: call.arguments }',
    ],
    ['body.parallel-calls', "\n  index,\n  type: 'function',", "\n  index: 0 * index,\n  type: 'function',"],
    [
      'body.alphabetical',
      '"completion_tokens":${usage.completion_tokens}${reasoning},"prompt_tokens":${usage.prompt_tokens}${cached}',
      '"prompt_tokens":${usage.prompt_tokens}${cached},"completion_tokens":${usage.completion_tokens}${reasoning}',
    ],
    ['body.object', '"chat.completion"', '"chat.completion.chunk"'],
    ['body.request-id', "requestId === undefined ? ''", "requestId === id ? ''"],
    [
      'body.no-reasoning',
      "reasoning === undefined ? '' :",
      'reasoning === undefined ? \',"reasoning_content":null\' :',
    ],
    ['body.reasoning', '${thought},"role":"assistant"', ',"role":"assistant"${thought}'],
    ['body.call-after-thinking', '"role":"assistant"${calls}}', '"role":"assistant"}'],
    ['body.cached-only', '"cached_tokens":${cache.cached_tokens}', '"cached_tokens":0'],
    ['async.success-order', '${task},"usage":', ',"usage":'],
    ['async.success-order', '${request}${task}', '${task}${request}'],
  ]),

  ...inFile('src/mock-server/render/error.ts', [
    ['header.json-error', "'application/json; charset=UTF-8'", "'application/json;charset=UTF-8'"],
    ['error.shape', '{ error: { code, message } }', '{ error: { code: Number(code), message } }'],
    ['error.shape', '{ error: { code, message } }', "{ error: { code, message, type: 'invalid_request_error' } }"],
    ['error.shape', '{ error: { code, message } }', '{ error: { message, code } }'],
    ['error.statuses', 'businessCode(code)?.http ?? 500', '400'],
    ['error.sensitive', '{ contentFilter: filter, error }', '{ error, contentFilter: filter }'],
    ['error.not-found', ".replace('Z', '+00:00')", ''],
    ['error.not-found', '{ timestamp, status, error, path }', '{ timestamp, path, status, error }'],
    ['error.not-found', "type: 'application/json', body", "type: 'text/html', body"],
    ['error.method', "'Method Not Allowed'", "'Method not allowed'"],
    ['error.root', '<center>nginx</center>', '<center>openresty</center>'],
    ['error.root', "type: 'text/html'", "type: 'application/json'"],
  ]),

  ...inFile('src/core/wire/errors.ts', [
    ['error.texts', '您无权访问 {api}', '无权访问 {api}'],
    ['error.recorded', '余额不足或无可用资源包,请充值。', '余额不足或无可用资源包，请充值。'],
    ['error.recorded', '身份验证失败。', '身份验证失败'],
    ['error.recorded', 'Header中未收到Authorization参数', 'Header 中未收到 Authentication 参数'],
    ['error.unknown-model', '模型不存在，请检查模型代码。', '模型不存在，请检查模型代码'],
    ['error.rate', '您的账户已达到速率限制', '您的账户已达速率限制'],
    ['error.rate', 'Rate limit reached for requests', 'Rate limit reached'],
    ['error.1234-ending', '错误id：{error_id}，请稍后重试', '错误id：{error_id}，请联系客服'],
    ['error.reset-time', 'Weekly/Monthly Limit Exhausted. Your limit', 'Weekly/Monthly Limit Exhausted, your limit'],
    ['error.english', 'Insufficient balance or no resource package. Please recharge.', 'Insufficient balance.'],
    ['request.only-system', '{field} 参数非法。请检查文档。', '{field}参数非法。请检查文档。'],
    ['request.empty-user', '未正常接收到{field}参数。', '未正常接收到 {field} 参数'],
    ['request.not-json', 'API调用参数有误，请检查文档。', 'API 调用参数有误，请检查文档'],
    ['request.max-tokens', '参数非法：限制数值范围[${low},${high}]', '参数非法：限制数值范围[${low}, ${high}]'],
    [
      'thinking.always',
      '该模型始终思考，不支持关闭思考；请使用 low、high 或 max。',
      '该模型始终思考，不支持关闭思考。',
    ],
    ['request.role', '角色信息不正确', '角色信息不正确。'],
    ['request.bad-image', '图片输入格式/解析错误', '图片输入格式错误'],
    ['error.statuses', "'1220', 403", "'1220', 400"],
    ['error.sensitive', "'1301',\n    400", "'1301',\n    403"],
    ['error.rate', "row('1302', 429", "row('1302', 503"],
    ['async.unknown', '任务：{id}不存在。', '任务{id}不存在。'],
    ['async.unknown', "row('1233', 400", "row('1233', 404"],
    [
      'request.too-long',
      "row('1261', 400, 'prompt_too_long', 'R', 'Prompt exceeds max length'",
      "row('1261', 400, 'prompt_too_long', 'R', 'Prompt 超长'",
    ],
  ]),

  ...inFile('src/mock-server/headers.ts', [
    ['header.cn-success', 'acw_tc=', 'acw_sc='],
    ['header.cookie', 'e7e5d', 'e7e5e'],
    ['header.preflight', "= ['vary', 'Origin'];", "= ['vary', 'Origin', 'access-control-allow-origin', '*'];"],
    ['header.cn-success', 'Max-Age=1800', 'Max-Age=3600'],
    ['header.cn-success', "'strict-transport-security'", "'x-hsts'"],
    ['header.cn-error', 'compressible ? [', 'true ? ['],
    ['header.intl', "profile === 'intl'", "profile === 'cn'"],
    ['header.intl', "['server', 'nginx']", "['server', 'nginx/1.21.6']"],
    ['header.cn-success', '...origins, ...origins', '...origins'],
  ]),

  ...inFile('src/mock-server/host.ts', [
    ['header.intl-success', 'status === 200 ? forms.ok : forms.error', 'forms.error'],
    ['header.log-id', "'x-log-id'", "'x-request-id'"],
    ['header.no-limits', "'x-log-id',", "'retry-after',\n      '1',\n      'x-log-id',"],
    ['header.gzip', 'status === 200 && takesGzip', 'takesGzip'],
  ]),

  ...inFile('src/mock-server/engine.ts', [
    ['error.too-large', "gatewayPage(413, 'Request Entity Too Large')", "gatewayPage(413, 'Payload Too Large')"],
    ['error.language', "|| config.profile === 'intl'", ''],
    ['error.language', '/^\\s*en\\b/i', '/^\\s*en-US$/i'],
    [
      'path.before-key',
      "if (endpoint.kind === 'spring')",
      "if (endpoint.kind === 'spring' && request.headers.authorization)",
    ],
  ]),

  ...inFile('src/mock-server/endpoints/endpoint.ts', [
    ['header.json-success', "'application/json;charset=UTF-8'", "'application/json; charset=UTF-8'"],
  ]),

  ...inFile('src/mock-server/config.ts', [
    ['header.sse', "default('text/event-stream;charset=UTF-8')", "default('text/event-stream')"],
    [
      'key.signature',
      "jwtSignatureCode: digits(['1000', '1002', '1004']).prefault('1000')",
      "jwtSignatureCode: digits(['1000', '1002', '1004']).prefault('1002')",
    ],
    [
      'key.seconds',
      "z.enum(['lenient', 'ms-only']).default('lenient')",
      "z.enum(['lenient', 'ms-only']).default('ms-only')",
    ],
    ['request.temperature', "digits(['1210', '1214']).prefault('1210')", "digits(['1210', '1214']).prefault('1214')"],
    [
      'body.object-switch',
      "z.enum(['era', 'always', 'never']).default('era')",
      "z.enum(['era', 'always', 'never']).default('never')",
    ],
  ]),

  ...inFile('src/mock-server/dialect.ts', [
    ['body.object', "object: era === '2026'", "object: era !== '2024'"],
    ['id.decimal', "id: era === '2024' ? 'decimal'", "id: era === '2025' ? 'decimal'"],
    ['id.call-2024', "era === '2024' ? 'positive64'", "era === '2024' ? 'signed64'"],
    ['id.call-completion', "glm4 ? 'completion'", "glm4 ? 'signed64'"],
    ['id.call-base62', "flash45 ? 'base62'", "flash45 ? 'signed64'"],
    ['stream.minus-one', 'minusOne: flash45', 'minusOne: glm4'],
    ['stream.minus-one', 'role: !flash45', 'role: true'],
    ['stream.finish-on-call', 'finish: glm4 || flash45', 'finish: true'],
    ['stream.lead-2026', "era === '2026') return 'newline'", "era === '2026') return 'plain'"],
    ['stream.lead-2026', "startsWith('glm-4.5')", "startsWith('glm-4')"],
    ['body.usage-details', "era === '2025' ? 'cached' : model.usage", 'model.usage'],
  ]),

  ...inFile('src/mock-server/finish.ts', [
    ['body.request-id', "String(request.request_id ?? '') || id", 'id'],
    ['stream.constant', 'created: Math.floor(wallMs / 1000)', 'created: Math.floor(wallMs)'],
    ['body.model-echo', 'model: request.model,', 'model: request.model.toUpperCase(),'],
    ['body.usage-sum', 'reasoning + said.content.tokens', 'said.content.tokens'],
    ['body.usage-details', "dialect.usage === 'none' ? sums", "dialect.usage !== 'full' ? sums"],
  ]),

  ...inFile('src/mock-server/budget.ts', [
    ['stream.lead-2026', "'newline-with-content' ? '\\n' : ''", "'newline-with-content' ? ' ' : ''"],
    ['body.eaten', 'finish: short, callTokens: 0 };\n\n', "finish: 'stop', callTokens: 0 };\n\n"],
    ['body.finish-reasons', "finish: 'tool_calls'", "finish: 'stop'"],
    ['body.finish-reasons', "'model_context_window_exceeded' : 'length'", "'length' : 'length'"],
    ['request.stop', 'Math.min(...ends)', 'Math.max(...ends) + 1'],
  ]),

  ...inFile('src/mock-server/endpoints/chat.ts', [
    ['request.odd-turns', 'if (!config.strict) return valid;', ''],
    [
      'stream.error',
      'if (isRefusal(valid)) return valid;\n  const refused',
      "if (isRefusal(valid)) return call.request.body.includes('stream') ? { ...valid, status: 200 } : valid;\n  const refused",
    ],
    ['own.strict', 'glm-testkit --strict: ', 'strict: '],
    ['body.created', 'createdAt(answer, call.wallMs + at)', 'createdAt(answer, call.wallMs)'],
    ['body.object-switch', "config.wire.object === 'always'", "config.wire.object === 'never'"],
    ['stream.tool-stream-models', '4\\.[67]|5', '4\\.[567]|5'],
    ['stream.tool-stream-models', '&& !/v/.test(model)', ''],
    [
      'request.stream-flag',
      'request.stream !== true',
      "!/stream/.test(call.request.headers.accept ?? '') && request.stream !== true",
    ],
    ['token.cache-scope', 'lookup(keyId, model,', "lookup('', model,"],
    ['token.cache-scope', 'lookup(keyId, model,', "lookup(keyId, { ...model, id: '' },"],
    ['own.duplicate', "duplicate ? '1231'", "duplicate ? '1214'"],
  ]),

  ...inFile('src/mock-server/validate.ts', [
    ['request.web-search', "'function', 'web_search', 'retrieval', 'mcp'", "'function'"],
    ['request.effort-older', "model.thinking === 'always' &&", "model.thinking !== 'none' &&"],
    [
      'request.unknown-fields',
      "if (model === undefined) return businessError('1211', rules.language);",
      "if (model === undefined) return businessError('1211', rules.language);\n  if ('metadata' in value) return businessError('1210', rules.language);",
    ],
    [
      'error.unknown-model',
      "if (model === undefined) return businessError('1211'",
      "if (model === undefined) return businessError('1214'",
    ],
    [
      'request.order',
      'if (range !== undefined) return range;',
      'if (range !== undefined && chatRequest.safeParse(value).success) return range;',
    ],
    ['request.max-tokens', 'maxTokens <= model.maxOutput', 'maxTokens < model.maxOutput'],
    ['request.max-tokens-low', 'maxTokens >= 1', 'maxTokens >= 0'],
    ['request.max-tokens', "model.maxOutput, '1210')", 'model.maxOutput)'],
    ['request.temperature', 'temperature <= 1', 'temperature <= 2'],
    ['request.top-p', 'topP >= 0.01', 'topP >= 0'],
    ['thinking.efforts', "!['low', 'high', 'max']", "!['low', 'medium', 'high', 'max']"],
    ['thinking.always', '(off || ', '('],
    ['request.role', "'system', 'user', 'assistant', 'tool'", "'system', 'user', 'assistant', 'tool', 'developer'"],
    [
      'request.messages-empty',
      'if (messages.length === 0) return illegal(',
      'if (messages.length === 0) return undefined;\n  if (messages.length === 0) return illegal(',
    ],
    ['request.only-system', "messages.every(({ role }) => role === 'system') ||", ''],
    ['request.only-assistant', "|| messages.every(({ role }) => role === 'assistant')", ''],
    ['request.empty-user', "values: { field: 'prompt' }", "values: { field: 'messages' }"],
    ['request.tool-message', '|| !message.tool_call_id', ''],
    [
      'request.text-parts',
      'messages[${message}].content[${part}].type type error',
      'messages[${message}].content[${part}]: type error',
    ],
    ['request.tool-type', 'tools[${index}].type:type is illegal', 'tools[${index}].type is illegal'],
    ['request.tools-most', 'tools.length > 128', 'tools.length >= 128'],
    ['request.tool-name', '{1,64}$/.test(tool', '{1,63}$/.test(tool'],
    ['request.tuple-schema', "key === 'items' && Array.isArray(value)", "key === 'items' && value === null"],
    ['request.any-of', "key === 'items' && Array.isArray(value)", 'Array.isArray(value)'],
    ['request.bare-base64', '|| /^[A-Za-z0-9+/]{16,}={0,2}$/.test(url)', ''],
    [
      'request.too-long',
      "return businessError('1261', rules.language)",
      "return businessError('1210', rules.language)",
    ],
  ]),

  ...inFile('src/mock-server/access.ts', [
    ['key.raw', 'const key = parseKey(token);', 'const key = parseKey(`${token}.`);'],
    ['key.missing', "if (!token) return { code: '1001' };", "if (!token) return { code: '1000' };"],
    ['key.no-bearer', '/^\\s*bearer(\\s+|$)/i', '/^\\s*Bearer(\\s+|$)/'],
    ['key.unknown', "? { keyId: id } : { code: '1000' }", "? { keyId: id } : { code: '1002' }"],
    ['key.shape', "ofToken(token, nowMs) : { code: '401' }", "ofToken(token, nowMs) : { code: '1000' }"],
    ['key.expired', "ms <= nowMs ? { code: '1003' }", "ms <= nowMs ? { code: '401' }"],
    ['key.expired', 'ms <= nowMs', 'ms < nowMs'],
    ['key.jwt-lenient', 'ms <= nowMs', 'ms <= nowMs || ms > nowMs + 86_400_000 * 365'],
  ]),

  ...inFile('src/core/wire/auth.ts', [
    ['key.jwt', "sign_type: 'SIGN'", "sign_type: 'HMAC'"],
    ['key.jwt', 'exp: nowMs + ttlMs', 'exp: Math.floor((nowMs + ttlMs) / 1000)'],
    ['key.seconds', 'seconds ? exp * 1000 : exp', 'exp'],
  ]),

  ...inFile('src/core/wire/ids.ts', [
    ['id.stamp', '8 * 3_600_000', '0 * 3_600_000'],
    ['id.stamp', 'hex(random, 16);', 'hexOf(random, 17);'],
    ['id.stamp', 'toString(16).padStart(2', 'toString(16).toUpperCase().padStart(2'],
    ['id.call-consecutive', 'base + BigInt(i)', 'base + 2n * BigInt(i)'],
    ['id.call-signed', "style === 'signed64' ? -abs(first)", "style === 'signed64' ? abs(first)"],
    ['id.call-completion', '`${id}_${i}`', '`${id}_${i + 1}`'],
    ['id.call-base62', 'length: 22', 'length: 24'],
    ['error.reset-time', ".replace('T', ' ')", ''],
  ]),

  ...inFile('src/core/wire/models.ts', [
    ['request.model-enum', "'glm-4.5v': {", "'glm-4.5v-gone': {"],
    ['request.lower-case', 'byId.get(id)', 'byId.get(id.toLowerCase())'],
    [
      'token.default-output',
      'context: 1_000_000, maxOutput: 4095, defaultOutput: 4095',
      'context: 1_000_000, maxOutput: 4095, defaultOutput: 16 * K',
    ],
    ['models.body', 'listed: 1774620000', 'listed: 1774620001'],
    [
      'models.later',
      "'glm-5.3-flashx': { ...million, thinking: 'always', vision: true, listed: 1787241600 }",
      "'glm-5.3-flashx': { ...million, thinking: 'always', vision: true }",
    ],
    [
      'models.free-unlisted',
      "'glm-4.5-flash': { ...air, free: true }",
      "'glm-4.5-flash': { ...air, free: true, listed: 1753632000 }",
    ],
    ['token.caps', 'maxOutput: 96 * K', 'maxOutput: 128 * K'],
    ['token.contexts', 'context: 1_048_478', 'context: 1_048_576'],
    ['thinking.none', "thinking: 'none', usage: 'none'", "thinking: 'optional', usage: 'none'"],
    ['thinking.effort-none', "thinking: 'effort'", "thinking: 'optional'"],
    ['body.usage-details', "'glm-5': { ...full, usage: 'cached'", "'glm-5': { ...full, usage: 'full'"],
    ['token.template', 'template: 5,\n  free: false,\n  ...entry', 'template: 4,\n  free: false,\n  ...entry'],
  ]),

  ...inFile('src/mock-server/replies/compose.ts', [
    [
      'thinking.decides',
      "if (model.thinking === 'none') return false;",
      "if (model.thinking === 'none' || !thinking) return false;",
    ],
    ['thinking.inline', '`<think>${reasoning}</think>', '`<thinking>${reasoning}</thinking>'],
    ['thinking.effort-none', "|| effort === 'minimal'", ''],
    ['thinking.disabled', "return thinking?.type !== 'disabled';", 'return true;'],
    ['token.json-schema', "request.response_format?.type === 'json_object'", 'request.response_format'],
  ]),

  ...inFile('src/core/wire/prompt-tokens.ts', [
    ['token.disabled', 'tokens += 4;', 'tokens += 0;'],
    ['token.effort', 'tokens += 6;', 'tokens += 5;'],
    ['token.json', 'tokens += 55;', 'tokens += 0;'],
    ['token.image', 'imageTokens = 600', 'imageTokens = 0'],
    ['token.tool', "model.thinking === 'none' ? 40 : 95", '0'],
  ]),

  ...inFile('src/mock-server/prefix-cache.ts', [
    ['token.cache', 'const block = 64', 'const block = 256'],
    ['token.cache', 'tokens - 2', 'tokens'],
    ['token.cache-delay', 'at + delayMs <= nowMs', 'at <= nowMs'],
  ]),

  ...inFile('src/mock-server/tasks.ts', [['async.owner', 'task?.owner === owner', 'task !== undefined']]),

  ...inFile('src/mock-server/endpoints/async.ts', [
    [
      'async.stream',
      "if (!('answer' in told)) return told;",
      "if (!('answer' in told)) return told;\n  if (told.valid.request.stream) return businessError('1210', call.language);",
    ],
    ['async.refused', "if (!('answer' in told)) return told;", "if (!('answer' in told)) return bodyReply('{}');"],
    [
      'async.submitted',
      'id: answer.id, model: answer.model, request_id: requestId',
      'id: answer.id, request_id: requestId, model: answer.model',
    ],
    [
      'async.submitted',
      "request_id: requestId, task_status: 'PROCESSING'",
      "request_id: requestId, task_status: 'PENDING'",
    ],
    [
      'async.processing',
      '{ id: task.id, request_id: task.requestId,',
      "{ id: task.id, model: 'glm', request_id: task.requestId,",
    ],
    ['async.success', "dialect, 'SUCCESS')", "dialect, 'PROCESSING')"],
    ['async.success', 'call.wallMs >= task.readyMs', 'true'],
    ['async.request-id', 'const requestId = answer.requestId ?? answer.id', 'const requestId = answer.id'],
    ['async.unknown', "businessError('1233'", "businessError('1222'"],
  ]),

  ...inFile('src/mock-server/endpoints/models.ts', [
    [
      'models.both-hosts',
      'const listed = table.filter(',
      "const listed = (config.profile === 'intl' ? [] : table).filter(",
    ],
    ['models.body', "object: 'list', data:", 'data:'],
    ['models.body', "owned_by: 'z-ai' }));\n  const extra", "owned_by: 'zhipu' }));\n  const extra"],
    ['models.later', 'listed * 1000 <= wallMs', 'listed <= wallMs'],
  ]),

  ...inFile('src/mock-server/endpoints/tokenizer.ts', [['tokenizer.body', 'video_tokens: 0, ', '']]),

  ...inFile('src/mock-server/endpoints/embeddings.ts', [
    ['embeddings.body', "object: 'list'", "object: 'embeddings'"],
    ['embeddings.limits', 'dimensions ?? model.defaultDimensions', 'dimensions ?? 1024'],
    ['embeddings.limits', 'tokens > model.maxTokensPerText', 'tokens < 0'],
  ]),

  ...inFile('src/mock-server/endpoints/bases.ts', [['path.coding', "'/api/coding/paas/v4'", "'/api/coding/v4'"]]),

  ...inFile('src/mock-server/endpoints/table.ts', [
    [
      'path.stripped',
      "if (entry === undefined) return { kind: 'spring', status: 404, path: `/v4${rest}` };",
      "if (entry === undefined) return { kind: 'spring', status: 404, path };",
    ],
    ['error.method', "return { kind: 'spring', status: 405", "return { kind: 'spring', status: 404"],
    ['error.root', "path === '/' && method === 'POST'", "path === '/gateway'"],
    ['models.one', 'path.slice(base.length);', "path.slice(base.length).replace(/^.models.+/, '/models');"],
  ]),

  ...inFile('src/core/wire/chat.ts', [
    ['request.nulls', 'temperature: z.number().nullish()', 'temperature: z.number().optional()'],
    ['request.request-id', 'request_id: z.union([z.string(), z.number()])', 'request_id: z.string()'],
    [
      'request.stop-many',
      'stop: z.union([z.string(), list(z.string())])',
      'stop: z.union([z.string(), z.array(z.string()).max(4)])',
    ],
    ['request.tool-choice', 'tool_choice: z.unknown()', "tool_choice: z.literal('auto')"],
  ]),

  ...inFile('src/core/wire/tokens.ts', [
    ['token.english', '? at : start + partOfWord', '? start + 1 : start + 1'],
    ['token.chinese', 'two ? start + 2 : start + 1', 'start + 1'],
    ['stream.pieces', 'const wholeWord = 9', 'const wholeWord = 40'],
    ['stream.pieces', 'if (first === 0x20 && isLetter(text.charCodeAt(start + 1))) at++;', ''],
  ]),
];
