#!/usr/bin/env bash
# The same answer, token by token.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

question='"messages": [{"role": "user", "content": "写一首关于春天的诗"}]'

events=$(curl -sS --fail-with-body --no-buffer --location "$GLM_BASE_URL/chat/completions" \
  --header "Authorization: Bearer $GLM_API_KEY" \
  --header 'Content-Type: application/json' \
  --data "{\"model\": \"glm-4.6\", $question, \"stream\": true}")

same 'the last event is [DONE]' 'data: [DONE]' "$(tail -n 1 <<<"$events")"
same 'every line is data or blank' '' "$(grep -v -e '^data: ' -e '^$' <<<"$events" || true)"

all=$(chunks <<<"$events" | jq -s .)
check 'there are many chunks' "$all" 'length > 5'
check 'id and created stay the same' "$all" '[.[] | [.id, .created]] | unique | length == 1'
check 'only the last chunk has a finish_reason, and it is stop' "$all" \
  '[.[].choices[0].finish_reason | select(. != null)] == ["stop"] and .[-1].choices[0].finish_reason == "stop"'
check 'thinking comes before the answer' "$all" \
  '[.[].choices[0].delta] | map(has("reasoning_content")) | (index(true) == 0) and (rindex(true) < length - 2)'
check 'usage is in the last chunk and adds up' "$all" ".[-1].usage | $usage_adds_up"

whole=$(curl -sS --fail-with-body "$GLM_BASE_URL/chat/completions" \
  -H "Authorization: Bearer $GLM_API_KEY" -H 'Content-Type: application/json' \
  -d "{\"model\": \"glm-4.6\", $question}")
same 'the deltas joined are the answer' \
  "$(jq -r '.choices[0].message.content' <<<"$whole")" \
  "$(jq -rj '.[].choices[0].delta.content // empty' <<<"$all")"
same 'and the thinking' \
  "$(jq -r '.choices[0].message.reasoning_content' <<<"$whole")" \
  "$(jq -rj '.[].choices[0].delta.reasoning_content // empty' <<<"$all")"

headers=$(curl -sS --dump-header - --output /dev/null "$GLM_BASE_URL/chat/completions" \
  -H "Authorization: Bearer $GLM_API_KEY" -H 'Content-Type: application/json' \
  -d "{\"model\": \"glm-4.6\", $question, \"stream\": true}")
same 'the content type is an event stream' '1' "$(grep -ci '^content-type: text/event-stream' <<<"$headers")"
