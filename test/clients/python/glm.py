"""What the programs beside it share: where to call, and how to complain."""

import json
import os
import sys


def from_environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        sys.exit(f"set {name}")
    return value


BASE_URL = from_environment("GLM_BASE_URL")
API_KEY = from_environment("GLM_API_KEY")

GET_WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "获取指定城市的天气",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "城市名称"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["city"],
        },
    },
}


def check(sentence: str, holds: object, got: object = None) -> None:
    if not holds:
        sys.exit(f"FAIL: expected: {sentence}\n      but got: {got!r}")
    print(f"  ok: {sentence}")


def check_usage(usage: dict) -> None:
    total = usage["prompt_tokens"] + usage["completion_tokens"]
    check("the usage adds up", usage["total_tokens"] == total > usage["prompt_tokens"] > 0, usage)


def check_weather_call(call: dict) -> None:
    check("the model calls get_weather", call["function"]["name"] == "get_weather", call)
    arguments = json.loads(call["function"]["arguments"])
    check("with the city of the question", arguments["city"] == "北京", arguments)
    check("and nothing outside the schema", set(arguments) <= {"city", "unit"}, arguments)


def check_raises(sentence: str, error: type, call, *words: str) -> None:
    """The call must raise exactly this error, and its text must hold the words."""
    try:
        got: object = call()
    except Exception as raised:  # whatever it is, it is compared
        got = raised
    check(sentence, type(got) is error and all(word in str(got) for word in words), got)
