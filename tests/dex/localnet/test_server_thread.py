"""A localnet in a thread serves synchronous code."""

from __future__ import annotations

import httpx2
import pytest

from tests.localnet_process import start_localnet_thread


def test_threaded_localnet_answers_until_stopped() -> None:
    network = start_localnet_thread()
    body = {"jsonrpc": "2.0", "id": 1, "method": "getHealth"}
    assert httpx2.post(network.url, json=body).json()["result"] == "ok"
    network.stop()
    with pytest.raises(httpx2.TransportError):
        httpx2.post(network.url, json=body)
