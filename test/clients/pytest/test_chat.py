import pytest
import requests
from openai import OpenAI, RateLimitError
from zai import ZhipuAiClient

HELLO = [{"role": "user", "content": "你好"}]


def post(glm, headers=None, **body):
    return requests.post(
        f"{glm.base_url}/chat/completions",
        headers={"Authorization": f"Bearer {glm.api_key}", **(headers or {})},
        json={"model": "glm-4.6", "messages": HELLO, **body},
        stream=body.get("stream", False),
        timeout=(1, 0.5),
    )


def test_a_prepared_answer(glm):
    glm.fixtures({"match": {"last_user": "weather"}, "reply": {"content": "晴"}})
    answer = OpenAI().chat.completions.create(
        model="glm-4.6", messages=[{"role": "user", "content": "How is the weather?"}]
    )
    assert answer.choices[0].message.content == "晴"


def test_a_stream_with_the_vendors_sdk(glm):
    glm.fixtures({"match": {"last_user": "你好"}, "reply": {"content": "你好，世界"}})
    stream = ZhipuAiClient().chat.completions.create(model="glm-4.6", messages=HELLO, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "你好，世界"


def test_an_overload_is_tried_again(glm):
    """By the path: for a client of which nothing but the base URL can be set."""
    client = OpenAI(base_url=glm.with_fault("overloaded,first=2"), max_retries=2)
    assert client.chat.completions.create(model="glm-4.6", messages=HELLO).choices
    assert [entry["code"] for entry in glm.requests()] == ["1305", "1305", "none"]
    assert glm.report()["verdict"] == "resilient"


def test_giving_up_at_once_is_found_out(glm):
    client = OpenAI(base_url=glm.with_fault("overloaded"), max_retries=0)
    with pytest.raises(RateLimitError):
        client.chat.completions.create(model="glm-4.6", messages=HELLO)
    report = glm.report()
    assert report["verdict"] == "fragile"
    assert [finding["code"] for finding in report["findings"]] == ["gave_up"]


def test_a_rate_limit_names_no_time_to_wait(glm):
    """By a header: for one request."""
    response = post(glm, headers={"x-glm-fault": "1302"})
    assert response.status_code == 429
    assert response.json()["error"]["code"] == "1302"
    assert "Retry-After" not in response.headers


def test_a_stream_that_stalls_is_given_up(glm):
    """By the admin API: for everything that this test asks from now on."""
    glm.faults("stall,after=5")
    with pytest.raises(requests.ConnectionError, match="timed out"):
        list(post(glm, stream=True).iter_lines())
    glm.faults()
    assert post(glm).ok
    assert [entry["faults"] for entry in glm.requests()] == [["stall"], []]
