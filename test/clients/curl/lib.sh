# Sourced by the scripts beside it: where to call, and how to complain.
: "${GLM_BASE_URL:?set it, for example to http://127.0.0.1:4010/api/paas/v4}"
: "${GLM_API_KEY:?set it to an id.secret key}"

# check <sentence> <json> <jq filter that must yield true>
check() {
  if jq -e "$3" >/dev/null 2>&1 <<<"$2"; then
    echo "  ok: $1"
  else
    echo "FAIL: expected: $1" >&2
    echo "      but got: ${2:0:2000}" >&2
    exit 1
  fi
}

# same <sentence> <expected> <actual>
same() {
  if [[ "$2" == "$3" ]]; then
    echo "  ok: $1"
  else
    echo "FAIL: expected: $1: ${2:0:2000}" >&2
    echo "      but got: ${3:0:2000}" >&2
    exit 1
  fi
}

# The parts of a stream, one JSON chunk per line, without [DONE].
chunks() { sed -n 's/^data: \({.*\)$/\1/p'; }

usage_adds_up='.prompt_tokens > 0 and .completion_tokens > 0 and .total_tokens == .prompt_tokens + .completion_tokens'
