#!/usr/bin/env bash
# One question, one answer.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

answer=$(curl -sS --fail-with-body --location "$GLM_BASE_URL/chat/completions" \
  --header "Authorization: Bearer $GLM_API_KEY" \
  --header 'Content-Type: application/json' \
  --data '{
    "model": "glm-4.6",
    "messages": [
      {"role": "user", "content": "请介绍一下人工智能的发展历程"}
    ],
    "temperature": 1.0,
    "max_tokens": 1024
  }')

check 'the answer ends with finish_reason stop' "$answer" '.choices[0].finish_reason == "stop"'
check 'the answer is in Chinese and about the question' "$answer" '.choices[0].message.content | test("人工智能")'
check 'the model shows its thinking' "$answer" '.choices[0].message.reasoning_content | length > 0'
check 'the usage adds up' "$answer" ".usage | $usage_adds_up"
check 'the id starts with the date in China' "$answer" '.id | test("^20[0-9]{12}[0-9a-f]{16}$")'
check 'request_id is the id when none was given' "$answer" '.request_id == .id'

short=$(curl -sS --fail-with-body "$GLM_BASE_URL/chat/completions" \
  -H "Authorization: Bearer $GLM_API_KEY" -H 'Content-Type: application/json' \
  -d '{"model":"glm-4.6","thinking":{"type":"disabled"},"max_tokens":8,"request_id":"my-request-0001",
       "messages":[{"role":"user","content":"写一篇关于长江的文章"}]}')

check 'max_tokens cuts the answer with finish_reason length' "$short" '.choices[0].finish_reason == "length"'
check 'it spent exactly max_tokens' "$short" '.usage.completion_tokens == 8'
check 'there is no thinking when it is disabled' "$short" '.choices[0].message | has("reasoning_content") | not'
check 'the caller’s request_id comes back' "$short" '.request_id == "my-request-0001"'

object=$(curl -sS --fail-with-body "$GLM_BASE_URL/chat/completions" \
  -H "Authorization: Bearer $GLM_API_KEY" -H 'Content-Type: application/json' \
  -d '{"model":"glm-4.6","response_format":{"type":"json_object"},
       "messages":[{"role":"user","content":"用 JSON 给出一本书的 title 和 author"}]}')

check 'json_object answers with JSON' "$object" '.choices[0].message.content | fromjson | type == "object"'
