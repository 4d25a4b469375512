"""PyJWT: a token in the place of the key."""

import time

import jwt
import requests
from glm import API_KEY, BASE_URL, check

api_key_id, secret = API_KEY.split(".")


def generate_token(seconds: int, secret: str = secret, unit: int = 1000) -> str:
    now = time.time()
    return jwt.encode(
        {"api_key": api_key_id, "exp": round((now + seconds) * unit), "timestamp": round(now * 1000)},
        secret,
        algorithm="HS256",
        headers={"alg": "HS256", "sign_type": "SIGN"},
    )


def ask(authorization: str) -> requests.Response:
    return requests.post(
        f"{BASE_URL}/chat/completions",
        headers={"Authorization": authorization, "Content-Type": "application/json"},
        json={"model": "glm-4.6", "messages": [{"role": "user", "content": "你好"}]},
    )


def refused(sentence: str, code: str, authorization: str) -> None:
    response = ask(authorization)
    check(sentence, response.status_code == 401 and response.json()["error"]["code"] == code, response.text)


def accepted(sentence: str, authorization: str) -> None:
    response = ask(authorization)
    check(sentence, response.status_code == 200, response.text)


accepted("a token of one hour is accepted", f"Bearer {generate_token(3600)}")
accepted("and once more, as a cached one would be", f"Bearer {generate_token(3600)}")
accepted("without the word Bearer, as LangChain and others send it", generate_token(3600))
accepted("with exp in seconds, as one official SDK sends it", f"Bearer {generate_token(3600, unit=1)}")
refused("an expired token is 1003", "1003", f"Bearer {generate_token(-1)}")
refused("a token signed with another secret is 1000", "1000", f"Bearer {generate_token(60, secret='x' * 32)}")
