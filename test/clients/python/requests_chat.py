"""requests: a question, a conversation, thinking, Chinese text, gzip."""

import requests
from glm import API_KEY, BASE_URL, check, check_usage


def call_api(messages, model="glm-4.6", **more):
    response = requests.post(
        f"{BASE_URL}/chat/completions",
        headers={"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"},
        json={"model": model, "messages": messages, "temperature": 1.0, **more},
    )
    if response.status_code != 200:
        raise Exception(f"the call failed: {response.status_code}, {response.text}")
    return response


response = call_api([{"role": "user", "content": "你好，请介绍一下自己"}])
result = response.json()
choice = result["choices"][0]
check("the answer ends with finish_reason stop", choice["finish_reason"] == "stop", choice)
check("the answer is in Chinese", any("一" <= letter <= "鿿" for letter in choice["message"]["content"]), choice)
check("the model shows its thinking", choice["message"]["reasoning_content"], choice)
check("it was compressed, as requests asks for it", response.headers["content-encoding"] == "gzip", response.headers)
check("x-log-id names the request", len(response.headers["x-log-id"]) == 30, response.headers)
check_usage(result["usage"])

messages = [
    {"role": "system", "content": "你是一个有用的助手"},
    {"role": "user", "content": "我叫小明"},
    {"role": "assistant", "content": "你好，小明！"},
    {"role": "user", "content": "我叫什么名字？"},
]
content = call_api(messages).json()["choices"][0]["message"]["content"]
check("what was said before is known", "小明" in content, content)

rare = "生僻字𠮷、表情👩‍👩‍👧、全角ＡＢＣ"
content = call_api([{"role": "user", "content": f"只回复：{rare}"}]).json()["choices"][0]["message"]["content"]
check("rare characters come back unharmed", content == rare, content)

message = call_api([{"role": "user", "content": "你好"}], thinking={"type": "disabled"}).json()["choices"][0]["message"]
check("there is no thinking when it is disabled", "reasoning_content" not in message, message)
