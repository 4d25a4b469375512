"""zai-sdk, the vendor's SDK: unary, stream, tools, embeddings, asynchronous tasks, errors, JWT mode."""

import json
import time

import zai
from glm import API_KEY, BASE_URL, GET_WEATHER, check, check_raises, check_usage, check_weather_call
from zai import ZaiClient, ZhipuAiClient
from zai.core import APIAuthenticationError, APIRequestFailedError

client = ZhipuAiClient(api_key=API_KEY, base_url=BASE_URL)
print(f"zai-sdk {zai.__version__}")

# unary
response = client.chat.completions.create(
    model="glm-4.6",
    messages=[{"role": "user", "content": "你好，请介绍一下智谱"}],
    thinking={"type": "enabled"},
    temperature=1,  # the SDK turns it into 0.99
    max_tokens=1024,
)
choice = response.choices[0]
check("the answer ends with finish_reason stop", choice.finish_reason == "stop", choice)
check("the answer is about the question", "智谱" in choice.message.content, choice)
check("the model shows its thinking", choice.message.reasoning_content, choice)
check_usage(response.usage.model_dump())

# stream
chunks = list(
    client.chat.completions.create(
        model="glm-4.6", messages=[{"role": "user", "content": "写一首关于春天的诗"}], stream=True
    )
)
content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
whole = client.chat.completions.create(model="glm-4.6", messages=[{"role": "user", "content": "写一首关于春天的诗"}])
check("the stream is many chunks", len(chunks) > 5, len(chunks))
check("the deltas joined are the answer", content == whole.choices[0].message.content, content)
check("some deltas are thinking", any(chunk.choices[0].delta.reasoning_content for chunk in chunks))
check("the last chunk says finish_reason stop", chunks[-1].choices[0].finish_reason == "stop", chunks[-1])
check_usage(chunks[-1].usage.model_dump())

# tools
messages = [{"role": "user", "content": "北京今天天气怎么样？"}]
choice = client.chat.completions.create(model="glm-4.6", messages=messages, tools=[GET_WEATHER]).choices[0]
check("the answer ends with finish_reason tool_calls", choice.finish_reason == "tool_calls", choice)
call = choice.message.tool_calls[0]
check_weather_call(call.model_dump())
messages += [
    choice.message.model_dump(),
    {"role": "tool", "tool_call_id": call.id, "content": json.dumps({"temperature": 21})},
]
final = client.chat.completions.create(model="glm-4.6", messages=messages, tools=[GET_WEATHER]).choices[0]
check("the final answer uses the result", "21" in final.message.content, final)

# tools in a stream, put together by index as the SDK's own example does
calls = {}
for chunk in client.chat.completions.create(
    model="glm-4.6", messages=messages[:1], tools=[GET_WEATHER], stream=True, tool_stream=True
):
    for piece in chunk.choices[0].delta.tool_calls or []:
        if piece.index not in calls:
            calls[piece.index] = piece
        else:
            calls[piece.index].function.arguments += piece.function.arguments
check("one call was streamed", list(calls) == [0], calls)
check_weather_call(calls[0].model_dump())

# embeddings
vectors = client.embeddings.create(model="embedding-3", input=["你好", "世界"], dimensions=256)
check("there is a vector per text", [len(item.embedding) for item in vectors.data] == [256, 256])

# asynchronous tasks
task = client.chat.asyncCompletions.create(model="glm-4.6", messages=[{"role": "user", "content": "你好"}])
check("a task starts as PROCESSING", task.task_status == "PROCESSING", task)
for _ in range(100):
    result = client.chat.asyncCompletions.retrieve_completion_result(id=task.id)
    if result.task_status != "PROCESSING":
        break
    time.sleep(0.2)
check("it ends as SUCCESS with an answer", result.task_status == "SUCCESS" and result.choices[0].message.content, result)

# errors
hello = [{"role": "user", "content": "你好"}]


def asking(client=client, model="glm-4.6", **more):
    return lambda: list(client.chat.completions.create(**{"model": model, "messages": hello, **more}))


nobody = ZhipuAiClient(api_key="0123456789abcdef.unknownSecret", base_url=BASE_URL)
international = ZaiClient(api_key=API_KEY, base_url=BASE_URL)  # asks for English
check_raises("a wrong key is an authentication error", APIAuthenticationError, asking(nobody), "1000", "身份验证失败")
check_raises("an unknown model is a failed request", APIRequestFailedError, asking(model="gpt-4o"), "1211", "模型不存在")
check_raises("and so it is in a stream", APIRequestFailedError, asking(model="gpt-4o", stream=True), "1211")
check_raises("too many tokens are a failed request", APIRequestFailedError, asking(max_tokens=999_999), "1210", "131072")
check_raises("no messages are a failed request", APIRequestFailedError, asking(messages=[]), "1214")
check_raises("ZaiClient is told in English", APIRequestFailedError, asking(international, "gpt-4o"), "Unknown Model")

# JWT mode
with_token = ZhipuAiClient(api_key=API_KEY, base_url=BASE_URL, disable_token_cache=False)
answer = with_token.chat.completions.create(model="glm-4.6", messages=hello)
check("a key sent as a JWT is accepted", answer.choices[0].finish_reason == "stop", answer)
wrong = ZhipuAiClient(api_key=f"{API_KEY.split('.')[0]}.anotherSecret", base_url=BASE_URL, disable_token_cache=False)
check_raises("a JWT signed with another secret is not", APIAuthenticationError, asking(wrong), "1000")
