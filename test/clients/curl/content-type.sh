#!/usr/bin/env bash
# However the request is spelt, the answer is the same.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

question='{"model":"glm-4.6","messages":[{"role":"user","content":"1加1等于几？"}]}'

ask() {
  curl -sS --fail-with-body "$GLM_BASE_URL/chat/completions" -H "Authorization: Bearer $GLM_API_KEY" -d "$question" "$@"
}

for header in \
  'Content-Type: application/json' \
  'Content-Type:application/json' \
  'content-type: application/json' \
  'Content-Type: application/json; charset=utf-8' \
  'Content-Type: application/json;charset=UTF-8' \
  'Content-Type: APPLICATION/JSON' \
  'Content-Type:'; do # the last one sends no such header
  check "-H '$header' is answered" "$(ask -H "$header")" '.choices[0].message.content | test("2")'
done
check 'no -H Content-Type (curl then says it is a form) is answered' "$(ask)" '.choices[0].message.content | test("2")'

headers=$(ask -H 'Content-Type: application/json' --compressed --dump-header - --output /dev/null)
same 'a body is compressed when asked' '1' "$(grep -ci '^content-encoding: gzip' <<<"$headers")"
check 'a compressed answer is read' "$(ask -H 'Content-Type: application/json' --compressed)" \
  '.choices[0].message.content | test("2")'
check 'HTTP/1.0 is answered' "$(ask -H 'Content-Type: application/json' --http1.0)" '.choices[0].message.content | test("2")'
check 'a chunked request is answered' \
  "$(ask -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked')" '.choices[0].message.content | test("2")'
check 'a request that waits for 100 Continue is answered' \
  "$(ask -H 'Content-Type: application/json' -H 'Expect: 100-continue')" '.choices[0].message.content | test("2")'
check 'a body from standard input is answered' \
  "$(curl -sS "$GLM_BASE_URL/chat/completions" -H "Authorization: Bearer $GLM_API_KEY" \
    -H 'Content-Type: application/json' --data-binary @- <<<"$question")" \
  '.choices[0].message.content | test("2")'
