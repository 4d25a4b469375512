"""A GLM mock for pytest: one server for the run, and an API key of its own for each test."""

import os
import re
import shlex
import signal
import subprocess

import pytest
import requests

COMMAND = os.environ.get("GLM_TESTKIT", "npx glm-testkit")
KEYS = ["GLM_API_KEY", "ZAI_API_KEY", "ZHIPUAI_API_KEY", "OPENAI_API_KEY"]
URLS = ["GLM_BASE_URL", "ZAI_BASE_URL", "ZHIPUAI_BASE_URL", "OPENAI_BASE_URL"]


class Glm:
    """One test's room in the mock: its key, its faults, its fixtures, its requests."""

    def __init__(self, url, name):
        self.url = url
        self.base_url = f"{url}/api/paas/v4"
        minted = self._admin("POST", "keys", json={"name": name})
        self.api_key, self.id = minted["key"], minted["id"]

    def with_fault(self, fault):
        """A base URL under which every request has this fault."""
        return f"{self.url}/~{fault}/api/paas/v4"

    def faults(self, *faults):
        """The faults that strike from now on; none to be sound again."""
        self._admin("PUT", "faults", json={"faults": faults, "key": self.id})

    def fixtures(self, *fixtures):
        """Prepared answers."""
        self._admin("POST", "fixtures", json={"fixtures": fixtures, "key": self.id})

    def requests(self):
        """What was asked, oldest first."""
        return self._admin("GET", "journal", params={"key": self.id})["requests"]

    def report(self):
        """How well the client handled what happened to it: a verdict and findings."""
        return self._admin("GET", "report", params={"key": self.id})

    def reset(self):
        self._admin("POST", "reset", json={"key": self.id})

    def _admin(self, method, path, **more):
        response = requests.request(method, f"{self.url}/__admin/{path}", timeout=10, **more)
        assert response.ok, response.text
        return response.json()


@pytest.fixture(scope="session")
def glm_url():
    """Starts the server on a free port; ends it, with what npx started, after the last test."""
    command = [*shlex.split(COMMAND), "mock", "--port", "0", "--unmatched", "error", "--grace", "0s"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        said = iter(process.stdout.readline, "")
        base_url = next((match[1] for line in said if (match := re.match(r" *base URL +(\S+)", line))), None)
        assert base_url, f"{COMMAND} did not start"
        yield base_url.removesuffix("/api/paas/v4")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=15)


@pytest.fixture
def glm(glm_url, request, monkeypatch):
    """The mock as this test sees it. Clients that read the environment find it by themselves."""
    glm = Glm(glm_url, request.node.nodeid)
    for name in KEYS:
        monkeypatch.setenv(name, glm.api_key)
    for name in URLS:
        monkeypatch.setenv(name, glm.base_url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield glm
    unmatched = [f"#{entry['n']} {entry['method']} {entry['path']}" for entry in glm.requests() if entry["status"] == 418]
    glm.reset()
    assert not unmatched, f"no fixture fitted, or a fault was misspelt: {unmatched}"
