"""requests: a stream, line by line."""

import json

import requests
from glm import API_KEY, BASE_URL, check, check_usage

question = {"model": "glm-4.6", "messages": [{"role": "user", "content": "写一首关于春天的诗"}]}
headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}

response = requests.post(f"{BASE_URL}/chat/completions", headers=headers, json={**question, "stream": True}, stream=True)
response.raise_for_status()

content = reasoning = ""
finish_reasons, usage, done = [], None, False
for line in response.iter_lines(decode_unicode=False):
    if not line:
        continue
    data = line.decode("utf-8").removeprefix("data: ")
    if data == "[DONE]":
        done = True
        break
    chunk = json.loads(data)
    choice = chunk["choices"][0]
    content += choice["delta"].get("content") or ""
    reasoning += choice["delta"].get("reasoning_content") or ""
    if choice.get("finish_reason"):
        finish_reasons.append(choice["finish_reason"])
    usage = chunk.get("usage") or usage

check("the stream ends with [DONE]", done)
check("one chunk says finish_reason, and it is stop", finish_reasons == ["stop"], finish_reasons)
check_usage(usage)

whole = requests.post(f"{BASE_URL}/chat/completions", headers=headers, json=question).json()["choices"][0]["message"]
check("the deltas joined are the answer", content == whole["content"], content)
check("and the thinking", reasoning == whole["reasoning_content"], reasoning)

response = requests.post(f"{BASE_URL}/chat/completions", headers=headers, json={**question, "stream": True}, stream=True)
check("requests takes the stream for UTF-8 text", str(response.encoding).lower() == "utf-8", response.encoding)
next(response.iter_lines())
response.close()  # a reader that has seen enough
