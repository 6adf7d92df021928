"""POST requests to a node: what goes out, what comes back, and over which proxy."""

from __future__ import annotations

import asyncio
import gzip

import httpx2
import pytest

from dex.rpc.http_post import HttpPost, _proxy_for


def answered(url: str, answer: httpx2.Response) -> tuple[httpx2.Request, tuple[int, bytes]]:
    seen: list[httpx2.Request] = []

    def node(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return answer

    async def run() -> tuple[int, bytes]:
        post = HttpPost(url, timeout_seconds=5, transport=httpx2.MockTransport(node))
        try:
            return await post.send('{"id":0}')
        finally:
            await post.aclose()

    found = asyncio.run(run())
    return seen[0], found


def test_a_request_is_json_with_its_length() -> None:
    request, found = answered("http://node:8899/path?key=1", httpx2.Response(200, content=b"{}"))

    assert (request.method, str(request.url), request.content) == (
        "POST",
        "http://node:8899/path?key=1",
        b'{"id":0}',
    )
    assert request.headers["content-type"] == "application/json"
    assert (request.headers["host"], request.headers["content-length"]) == ("node:8899", "8")
    assert found == (200, b"{}")


def test_name_and_password_of_a_url_go_as_basic_auth() -> None:
    request, _ = answered("http://user:p%40ss@node:8899", httpx2.Response(200))

    assert request.headers["authorization"] == "Basic dXNlcjpwQHNz"


def test_a_compressed_answer_is_unpacked() -> None:
    packed = httpx2.Response(200, headers={"Content-Encoding": "gzip"}, content=gzip.compress(b"[1]"))

    assert answered("http://node", packed)[1] == (200, b"[1]")


def test_an_answer_that_leads_elsewhere_is_not_followed() -> None:
    moved = httpx2.Response(302, headers={"Location": "http://elsewhere"})

    assert answered("http://node", moved)[1] == (302, b"")


def test_the_environment_names_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1,inside.example")

    assert _proxy_for(httpx2.URL("https://node.example")) == "http://proxy:3128"
    assert _proxy_for(httpx2.URL("https://inside.example")) is None
    assert _proxy_for(httpx2.URL("http://127.0.0.1:8899")) is None
