"""requests: what is refused, with which status, code and words."""

import requests
from glm import API_KEY, BASE_URL, check

HELLO = [{"role": "user", "content": "你好"}]


def refused(status, code, words, body, authorization=f"Bearer {API_KEY}", **headers):
    if authorization is not None:
        headers["Authorization"] = authorization
    response = requests.post(f"{BASE_URL}/chat/completions", headers=headers, json=body)
    error = response.json()["error"]
    as_expected = response.status_code == status and error["code"] == code and words in error["message"]
    check(f"{status}/{code} {words}", as_expected, (response.status_code, response.text))


good = {"model": "glm-4.6", "messages": HELLO}
refused(401, "1001", "Header中未收到Authorization参数", good, authorization=None)
refused(401, "1000", "身份验证失败", good, authorization="Bearer 0123456789abcdef.unknownSecret")
refused(400, "1211", "模型不存在，请检查模型代码。", {**good, "model": "gpt-4o"})
refused(400, "1211", "Unknown Model", {**good, "model": "gpt-4o"}, **{"Accept-Language": "en-US,en"})
refused(400, "1210", "限制数值范围[1,131072]", {**good, "max_tokens": 999_999})
refused(400, "1214", "messages 参数非法。请检查文档。", {"model": "glm-4.6", "messages": []})
refused(400, "1214", "角色信息不正确", {"model": "glm-4.6", "messages": [{"role": "developer", "content": "hi"}]})
refused(400, "1211", "模型不存在", {**good, "model": "gpt-4o", "stream": True})
