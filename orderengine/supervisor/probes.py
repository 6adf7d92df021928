"""Does a part serve? Each probe asks the part itself and answers within a second."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path

PROBE_TIMEOUT_SECONDS = 1.0


def port_is_free(host: str, port: int) -> bool:
    """Whether a server may listen on the address.

    Raises OSError (socket.gaierror) for a host name that does not resolve.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        # As the servers do: a connection in TIME_WAIT is no reason to refuse.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            return False
    return True


def redis_answers(socket_path: Path) -> bool:
    """PING over a Unix socket. A server that still loads its file answers -LOADING: not yet."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(PROBE_TIMEOUT_SECONDS)
        try:
            connection.connect(str(socket_path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def rpc_is_healthy(host: str, port: int) -> bool:
    """Solana's getHealth answers "ok"."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "getHealth"})
    text = _http(host, port, "POST", "/", body)
    if text is None:
        return False
    try:
        answer = json.loads(text)
    except ValueError:
        return False
    return isinstance(answer, dict) and answer.get("result") == "ok"


def web_is_live(host: str, port: int) -> bool:
    """GET /health/live is answered; production settings may refuse the probe's Host or plain HTTP."""
    return _http(host, port, "GET", "/health/live", None) is not None


def _http(host: str, port: int, method: str, path: str, body: str | None) -> bytes | None:
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_TIMEOUT_SECONDS)
    headers = {"Host": "localhost", "Content-Type": "application/json", "Connection": "close"}
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.read() if response.status < 500 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
