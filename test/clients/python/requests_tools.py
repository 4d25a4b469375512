"""requests: a function call and its round trip."""

import json

import requests
from glm import API_KEY, BASE_URL, GET_WEATHER, check, check_weather_call


def ask(messages):
    response = requests.post(
        f"{BASE_URL}/chat/completions",
        headers={"Authorization": f"Bearer {API_KEY}"},
        json={"model": "glm-4.6", "messages": messages, "tools": [GET_WEATHER], "tool_choice": "auto"},
    )
    response.raise_for_status()
    return response.json()["choices"][0]


messages = [{"role": "user", "content": "北京今天天气怎么样？"}]
choice = ask(messages)
check("the answer ends with finish_reason tool_calls", choice["finish_reason"] == "tool_calls", choice)
call = choice["message"]["tool_calls"][0]
check_weather_call(call)

result = json.dumps({"temperature": 21, "sky": "晴"}, ensure_ascii=False)
messages += [choice["message"], {"role": "tool", "tool_call_id": call["id"], "content": result}]
final = ask(messages)
check("the final answer uses the result", "21" in final["message"]["content"], final)
check("and ends with finish_reason stop", final["finish_reason"] == "stop", final)
