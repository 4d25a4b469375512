#!/usr/bin/env bash
# A conversation: the caller sends everything said so far.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

answer=$(curl -sS --fail-with-body --location "$GLM_BASE_URL/chat/completions" \
  --header "Authorization: Bearer $GLM_API_KEY" \
  --header 'Content-Type: application/json' \
  --data '{
    "model": "glm-4.6",
    "messages": [
      {"role": "system", "content": "你是一个专业的编程助手"},
      {"role": "user", "content": "你好，我叫小明"},
      {"role": "assistant", "content": "你好，小明！有什么可以帮助你的吗？"},
      {"role": "user", "content": "我叫什么名字？"}
    ]
  }')

check 'what was said before is known' "$answer" '.choices[0].message.content | test("小明")'
check 'the answer ends with finish_reason stop' "$answer" '.choices[0].finish_reason == "stop"'
check 'the usage adds up' "$answer" ".usage | $usage_adds_up"
