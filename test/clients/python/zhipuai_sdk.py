"""zhipuai, the vendor's earlier SDK: unary, stream, tools, errors, JWT mode."""

import json

import zhipuai
from glm import API_KEY, BASE_URL, GET_WEATHER, check, check_raises, check_usage, check_weather_call
from zhipuai import ZhipuAI
from zhipuai.core._errors import APIAuthenticationError, APIRequestFailedError

client = ZhipuAI(api_key=API_KEY, base_url=BASE_URL)
print(f"zhipuai {zhipuai.__version__}")

# unary
question = [{"role": "user", "content": "写一首关于春天的诗"}]
response = client.chat.completions.create(model="glm-4-plus", messages=question, top_p=0.7, temperature=0.95)
check("the answer ends with finish_reason stop", response.choices[0].finish_reason == "stop", response)
check("the answer is about the question", "春天" in response.choices[0].message.content, response)
check_usage(response.usage.model_dump())

# stream
chunks = list(client.chat.completions.create(model="glm-4-plus", messages=question, stream=True))
content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
check("the deltas joined are the answer", content == response.choices[0].message.content, content)
check("the last chunk says finish_reason stop", chunks[-1].choices[0].finish_reason == "stop", chunks[-1])
check_usage(chunks[-1].usage.model_dump())

# tools
messages = [{"role": "user", "content": "北京今天天气怎么样？"}]
choice = client.chat.completions.create(
    model="glm-4-plus", messages=messages, tools=[GET_WEATHER], tool_choice="auto"
).choices[0]
check("the answer ends with finish_reason tool_calls", choice.finish_reason == "tool_calls", choice)
call = choice.message.tool_calls[0]
check_weather_call(call.model_dump())
messages += [
    choice.message.model_dump(),
    {"role": "tool", "tool_call_id": call.id, "content": json.dumps({"temperature": 21})},
]
final = client.chat.completions.create(model="glm-4-plus", messages=messages, tools=[GET_WEATHER]).choices[0]
check("the final answer uses the result", "21" in final.message.content, final)

streamed = list(
    client.chat.completions.create(model="glm-4-plus", messages=messages[:1], tools=[GET_WEATHER], stream=True)
)
calls = [call for chunk in streamed for call in chunk.choices[0].delta.tool_calls or []]
check("a streamed call comes whole, in one chunk", len(calls) == 1, calls)
check_weather_call(calls[0].model_dump())

# errors
hello = [{"role": "user", "content": "你好"}]


def asking(client=client, model="glm-4-plus", **more):
    return lambda: list(client.chat.completions.create(**{"model": model, "messages": hello, **more}))


nobody = ZhipuAI(api_key="0123456789abcdef.unknownSecret", base_url=BASE_URL)
check_raises("a wrong key is an authentication error", APIAuthenticationError, asking(nobody), "1000", "身份验证失败")
check_raises("an unknown model is a failed request", APIRequestFailedError, asking(model="gpt-4o"), "1211", "模型不存在")
check_raises("and so it is in a stream", APIRequestFailedError, asking(model="gpt-4o", stream=True), "1211")
check_raises("no messages are a failed request", APIRequestFailedError, asking(messages=[]), "1214")

# JWT mode
with_token = ZhipuAI(api_key=API_KEY, base_url=BASE_URL, disable_token_cache=False)
answer = with_token.chat.completions.create(model="glm-4-plus", messages=hello)
check("a key sent as a JWT is accepted", answer.choices[0].finish_reason == "stop", answer)
