#!/usr/bin/env bash
# What is refused, with which status, code and words.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

# refused <status> <code> <words in the message> <body> [curl options instead of the key]
refused() {
  local status=$1 code=$2 words=$3 body=$4 answer
  shift 4
  [[ $# -gt 0 ]] || set -- -H "Authorization: Bearer $GLM_API_KEY"
  answer=$(curl -sS "$GLM_BASE_URL/chat/completions" -H 'Content-Type: application/json' "$@" \
    -w '\n{"status":%{http_code}}' --data-binary @- <<<"$body" | jq -s 'add')
  check "$status/$code $words" "$answer" \
    ".status == $status and .error.code == \"$code\" and (.error.message | contains(\"$words\"))"
}
hello='[{"role":"user","content":"你好"}]'
chat="{\"model\":\"glm-4.6\",\"messages\":$hello}"
english=(-H "Authorization: Bearer $GLM_API_KEY" -H 'Accept-Language: en-US,en')

refused 401 1001 'Header中未收到Authorization参数' "$chat" -H 'Authorization:'
refused 401 1000 '身份验证失败' "$chat" -H 'Authorization: Bearer 0123456789abcdef.unknownSecret'
refused 401 401 '令牌已过期或验证不正确' "$chat" -H 'Authorization: Bearer not-a-key'

refused 400 1211 '模型不存在，请检查模型代码。' "{\"model\":\"gpt-4o\",\"messages\":$hello}"
refused 400 1211 'Unknown Model, please check the model code.' "{\"model\":\"gpt-4o\",\"messages\":$hello}" "${english[@]}"
refused 400 1210 'API调用参数有误，请检查文档。' '{"model":"glm-4.6",'
refused 400 1210 'max_tokens参数非法：限制数值范围[1,131072]' "{\"model\":\"glm-4.6\",\"max_tokens\":999999,\"messages\":$hello}"
refused 400 1210 '该模型始终思考' "{\"model\":\"glm-5.3\",\"thinking\":{\"type\":\"disabled\"},\"messages\":$hello}"
refused 400 1213 '未正常接收到prompt参数。' '{"model":"glm-4.6","messages":[{"role":"user","content":""}]}'
refused 400 1214 'messages 参数非法。请检查文档。' '{"model":"glm-4.6","messages":[]}'
refused 400 1214 'messages 参数非法。请检查文档。' '{"model":"glm-4.6","messages":[{"role":"system","content":"你好"}]}'
refused 400 1214 '角色信息不正确' '{"model":"glm-4.6","messages":[{"role":"developer","content":"hi"}]}'
refused 400 1214 'tools[0].type:type is illegal' "{\"model\":\"glm-4.6\",\"messages\":$hello,\"tools\":[{\"type\":\"magic\"}]}"
refused 400 1211 '模型不存在' "{\"model\":\"gpt-4o\",\"stream\":true,\"messages\":$hello}"

long=$(head -c 1500000 /dev/zero | tr '\0' 'x')
refused 400 1261 'Prompt exceeds max length' "{\"model\":\"glm-4.6\",\"messages\":[{\"role\":\"user\",\"content\":\"$long\"}]}"

lost=$(curl -sS "$GLM_BASE_URL/v1/chat/completions" -H "Authorization: Bearer $GLM_API_KEY" -d "$chat")
check 'a wrong path is Spring’s 404' "$lost" '.status == 404 and .error == "Not Found" and .path == "/v4/v1/chat/completions"'
