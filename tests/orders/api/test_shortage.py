"""A web server without file descriptors or threads answers 503, and works again by itself."""

from __future__ import annotations

import http.client
import json
import resource
import threading
from pathlib import Path
from secrets import token_urlsafe

import pytest
from django.contrib.auth.models import User
from django.db import connections

from orderengine.thread_pool import FrugalPool
from orders.access.permissions import let_trade
from orders.platform.shortage import NoThread, is_shortage
from tests.orders.rest import FIVE_SOL, bearer
from tests.orders.web_process import WebProcess, web_process

SHORT = {"DATABASE_UNAVAILABLE", "OUT_OF_RESOURCES"}
PATHS = (
    "/",
    "/api/orders",
    "/api/events",
    "/metrics",
    "/static/orders/js/main.js",
    "/admin/login/",
    "/api/tokens",
)


class Line:
    """One connection that stays open, so that nothing has to be accepted."""

    def __init__(self, web: WebProcess, headers: dict[str, str]) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)
        self._headers = headers | {"Content-Type": "application/json"}

    def call(self, method: str, path: str, body: object = None, *, chunked: bool = False) -> tuple[int, str]:
        text = None if body is None else json.dumps(body).encode()
        sent = iter([text]) if chunked and text is not None else text
        self._line.request(method, path, sent, self._headers, encode_chunked=chunked)
        answer = self._line.getresponse()
        shown = answer.read()
        is_json = answer.getheader("Content-Type") == "application/json"
        return answer.status, json.loads(shown).get("code", "") if is_json else ""


@pytest.mark.django_db(transaction=True)
def test_without_file_descriptors_nothing_is_answered_with_500(tmp_path: Path) -> None:
    trader = User.objects.create(username="trader")
    let_trade(trader)
    headers = bearer(trader)
    connections.close_all()
    production = {"DEBUG": "false", "SECRET_KEY": token_urlsafe(50), "ALLOWED_HOSTS": "127.0.0.1"}
    with web_process(tmp_path, HTTPS_ONLY="false", **production) as web:
        line = Line(web, headers)
        assert line.call("GET", "/health/live")[0] == 200
        before = resource.prlimit(web.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(web.pid, resource.RLIMIT_NOFILE, (3, before[1]))
        answers = [line.call("GET", path) for path in PATHS]
        answers += [
            line.call("POST", "/api/orders/execute", FIVE_SOL, chunked=each) for each in (False, True)
        ]
        resource.prlimit(web.pid, resource.RLIMIT_NOFILE, before)
        assert {status for status, _ in answers} == {503}
        assert {code for _, code in answers} <= SHORT
        assert line.call("POST", "/api/orders/execute", FIVE_SOL)[0] == 201


def test_a_shortage_is_found_behind_what_it_caused() -> None:
    outer = ValueError("what came of it")
    outer.__cause__ = OSError(24, "Too many open files")
    assert is_shortage(outer)
    assert is_shortage(MemoryError())
    assert not is_shortage(OSError(2, "No such file or directory"))
    assert not is_shortage(None)


def refuse(self: threading.Thread) -> None:
    """`Thread.start` of a system that has no more threads to give."""
    raise RuntimeError("can't start new thread")


def test_a_call_waits_for_a_thread_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, free = FrugalPool(2), threading.Event()
    first = pool.submit(free.wait, 10)
    with monkeypatch.context() as starved:
        starved.setattr(threading.Thread, "start", refuse)
        second = pool.submit(int, "7")
    free.set()
    assert (first.result(10), second.result(10)) == (True, 7)
    pool.shutdown()


def test_without_any_thread_a_call_is_refused_and_never_made(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, made = FrugalPool(2), []
    with monkeypatch.context() as starved:
        starved.setattr(threading.Thread, "start", refuse)
        with pytest.raises(NoThread):
            pool.submit(made.append, 1)
    pool.submit(made.append, 2).result(10)
    assert made == [2]
    pool.shutdown()
