#!/usr/bin/env bash
# A token made with nothing but openssl.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# token <seconds to live>
token() {
  local id=${GLM_API_KEY%%.*} secret=${GLM_API_KEY#*.} now_ms text
  now_ms=$(($(date +%s) * 1000))
  text=$(printf '{"alg":"HS256","sign_type":"SIGN"}' | base64url).$(
    printf '{"api_key":"%s","exp":%d,"timestamp":%d}' "$id" $((now_ms + $1 * 1000)) "$now_ms" | base64url
  )
  echo "$text.$(printf %s "$text" | openssl dgst -sha256 -hmac "$secret" -binary | base64url)"
}

ask() {
  curl -sS "$GLM_BASE_URL/chat/completions" -H 'Content-Type: application/json' -H "Authorization: $1" \
    -d '{"model":"glm-4.6","messages":[{"role":"user","content":"你好"}]}'
}

check 'a JWT is accepted' "$(ask "Bearer $(token 60)")" '.choices[0].finish_reason == "stop"'
check 'a JWT without the word Bearer is accepted' "$(ask "$(token 60)")" '.choices[0].finish_reason == "stop"'
check 'an expired JWT is 1003' "$(ask "Bearer $(token -60)")" '.error.code == "1003"'
check 'a JWT signed with another secret is 1000' \
  "$(ask "Bearer $(GLM_API_KEY=${GLM_API_KEY%%.*}.another token 60)")" '.error.code == "1000"'
