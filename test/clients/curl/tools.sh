#!/usr/bin/env bash
# A function call and its round trip.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

tools='[{
  "type": "function",
  "function": {
    "name": "get_weather",
    "description": "获取指定城市的天气",
    "parameters": {
      "type": "object",
      "properties": {
        "city": {"type": "string", "description": "城市名称"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}
      },
      "required": ["city"]
    }
  }
}]'
messages='[{"role": "user", "content": "北京今天天气怎么样？"}]'

ask() { # ask <messages> [more fields]
  curl -sS --fail-with-body --no-buffer "$GLM_BASE_URL/chat/completions" \
    -H "Authorization: Bearer $GLM_API_KEY" -H 'Content-Type: application/json' \
    -d "{\"model\": \"glm-4.6\", \"messages\": $1, \"tools\": $tools, \"tool_choice\": \"auto\"${2:-}}"
}
valid='(.name == "get_weather") and (.arguments | fromjson | (.city == "北京") and ((keys - ["city","unit"]) == []))'

answer=$(ask "$messages")
check 'the model calls a function' "$answer" '.choices[0].finish_reason == "tool_calls"'
check 'with a name and arguments that fit the schema' "$answer" ".choices[0].message.tool_calls[0].function | $valid"
check 'with an id' "$answer" '.choices[0].message.tool_calls[0].id | test("^call_")'

streamed=$(ask "$messages" ', "stream": true' | chunks | jq -s .)
check 'streamed: the whole call is in one chunk' "$streamed" \
  "[.[].choices[0].delta.tool_calls // empty] | length == 1 and (.[0][0].function | $valid)"
check 'streamed: it ends with finish_reason tool_calls' "$streamed" '.[-1].choices[0].finish_reason == "tool_calls"'

pieces=$(ask "$messages" ', "stream": true, "tool_stream": true' | chunks | jq -s .)
check 'tool_stream: the arguments come in several chunks' "$pieces" '[.[].choices[0].delta.tool_calls // empty] | length > 1'
check 'tool_stream: joined they fit the schema' "$pieces" \
  "[.[].choices[0].delta.tool_calls // empty | .[0].function] | {name: (map(.name // \"\") | add), arguments: (map(.arguments // \"\") | add)} | $valid"

# The caller runs the function, and says what came of it.
history=$(jq -c --argjson so_far "$messages" '
  .choices[0].message as $call
  | $so_far + [$call, {role: "tool", tool_call_id: $call.tool_calls[0].id, content: "{\"temperature\": 21, \"sky\": \"晴\"}"}]
' <<<"$answer")
final=$(ask "$history")
check 'the answer uses the result' "$final" '.choices[0].message.content | test("21") and test("晴")'
check 'and it is final' "$final" '.choices[0].finish_reason == "stop" and (.choices[0].message | has("tool_calls") | not)'
