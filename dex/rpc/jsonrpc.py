"""JSON-RPC 2.0 over HTTP: one call or a batch in one request, every fault as a `ChainError`.

No text of an error quotes the URL: it may hold an access key.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Protocol

import httpx2
import orjson

from dex.errors import ChainAnswerInvalid, ChainBusy, ChainError, ChainRefused, ChainUnreachable
from dex.rpc.http_post import HttpPost
from dex.rpc.observing import OK, Observer, RequestSeen, node_name

# agave's default of --rpc-max-request-body-size, and what hosted nodes take in one batch.
MAX_REQUEST_BYTES: Final = 50 * 1024
MAX_BATCH_CALLS: Final = 100

_ENVELOPE_BYTES: Final = 100


class RpcErrorCode(IntEnum):
    """Codes of Solana nodes (agave rpc-client-api ``custom_error.rs``) that decide something here."""

    BLOCK_CLEANED_UP = -32001
    SEND_PREFLIGHT_FAILURE = -32002
    SIGNATURE_VERIFICATION_FAILURE = -32003
    BLOCK_NOT_AVAILABLE = -32004
    NODE_UNHEALTHY = -32005
    SLOT_SKIPPED = -32007
    LONG_TERM_STORAGE_SLOT_SKIPPED = -32009
    SIGNATURE_LEN_MISMATCH = -32013
    BLOCK_STATUS_NOT_AVAILABLE_YET = -32014
    UNSUPPORTED_TRANSACTION_VERSION = -32015
    MIN_CONTEXT_SLOT_NOT_REACHED = -32016
    INVALID_PARAMS = -32602
    # Not Solana's: what hosted nodes put into an error object when they limit a caller.
    TOO_MANY_REQUESTS = 429


_BUSY_CODES: Final = frozenset(
    {
        RpcErrorCode.NODE_UNHEALTHY,
        RpcErrorCode.MIN_CONTEXT_SLOT_NOT_REACHED,
        RpcErrorCode.TOO_MANY_REQUESTS,
    }
)

# What a node may answer by its documentation: JSON-RPC's own codes, Solana's, and the hosts' 429.
_KNOWN_CODES: Final = frozenset({-32700, *range(-32603, -32599), *range(-32021, -32000), 429})


@dataclass(frozen=True, slots=True)
class Call:
    """One method call, its parameters already written as JSON."""

    method: str
    params: str

    def as_request(self, number: int) -> str:
        return f'{{"jsonrpc":"2.0","id":{number},"method":"{self.method}","params":{self.params}}}'


def call(method: str, *params: object) -> Call:
    """A call of ``method`` with positional ``params``."""
    return Call(method, orjson.dumps(params).decode())


def split_calls(calls: Sequence[Call]) -> list[list[Call]]:
    """The calls in their order, in groups that a node takes as one request."""
    groups: list[list[Call]] = []
    room = 0
    for one in calls:
        size = len(one.params) + len(one.method) + _ENVELOPE_BYTES
        if size > room or len(groups[-1]) == MAX_BATCH_CALLS:
            groups.append([])
            room = MAX_REQUEST_BYTES
        groups[-1].append(one)
        room -= size
    return groups


@dataclass(frozen=True, slots=True)
class RpcFault:
    """An error object of an answer."""

    code: int
    message: str
    data: Any = None

    @property
    def is_busy(self) -> bool:
        """Whether the node says that it cannot answer now, not that it will not."""
        return self.code in _BUSY_CODES

    def as_error(self, method: str) -> ChainError:
        """The exception for a caller that cannot go on: ChainBusy or ChainRefused."""
        text = f"{method}: error {self.code}: {self.message}"
        return ChainBusy(text) if self.is_busy else ChainRefused(text)


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one call: ``fault`` is None, or ``result`` means nothing."""

    method: str
    result: Any = None
    fault: RpcFault | None = None

    @property
    def code(self) -> str:
        """`OK`, the node's error code, or ``other`` for one that Solana's nodes do not have."""
        if self.fault is None:
            return OK
        return str(self.fault.code) if self.fault.code in _KNOWN_CODES else "other"

    def value(self) -> Any:
        """The result; raises ChainBusy or ChainRefused for a fault."""
        if self.fault is not None:
            raise self.fault.as_error(self.method)
        return self.result


class RpcClient(Protocol):
    """What asks one node, or several as one."""

    async def aclose(self) -> None: ...

    async def call(self, method: str, *params: object) -> Any: ...

    async def batch(self, calls: Sequence[Call]) -> list[Reply]: ...

    async def request(self, calls: Sequence[Call]) -> list[Reply]: ...


class JsonRpcClient:
    """A connection pool to one node. Belongs to the event loop that first used it."""

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float,
        transport: httpx2.AsyncBaseTransport | None = None,
        observer: Observer | None = None,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._node = node_name(url)
        self._observer = observer
        # No retries below: only the caller knows whether a call may be repeated.
        self._http = HttpPost(url, timeout_seconds=timeout_seconds, transport=transport)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def call(self, method: str, *params: object) -> Any:
        """The result of one call; raises a ChainError."""
        [reply] = await self.request([call(method, *params)])
        return reply.value()

    async def batch(self, calls: Sequence[Call]) -> list[Reply]:
        """One reply a call, in their order, over as few requests as a node's limits allow.

        Raises as `request` does.
        """
        parts = await asyncio.gather(*(self.request(group) for group in split_calls(calls)))
        return [reply for part in parts for reply in part]

    async def request(self, calls: Sequence[Call]) -> list[Reply]:
        """One reply a call, in their order, over one HTTP request.

        Raises ChainUnreachable, ChainBusy, ChainRefused or ChainAnswerInvalid when there is no usable
        answer at all; a fault of a single call is in its reply.
        """
        requests = [one.as_request(number) for number, one in enumerate(calls)]
        # A single call goes out bare: not every node in front of a cluster takes arrays.
        content = requests[0] if len(requests) == 1 else f"[{','.join(requests)}]"
        started = time.monotonic()
        try:
            replies = _replies(await self._post(content, calls[0].method), calls)
        except ChainError as error:
            self._observe(started, [(one.method, error.code) for one in calls])
            raise
        self._observe(started, [(reply.method, reply.code) for reply in replies])
        return replies

    def _observe(self, started: float, calls: Sequence[tuple[str, str]]) -> None:
        if self._observer is not None:
            seconds = time.monotonic() - started
            self._observer(RequestSeen(self._node, calls[0][0], seconds, Counter(calls)))

    async def _post(self, content: str, method: str) -> Any:
        try:
            # The client's own limit begins anew with every piece: an answer could come in for ever.
            async with asyncio.timeout(self._timeout_seconds):
                status, body = await self._http.send(content)
        except (httpx2.HTTPError, TimeoutError) as error:
            raise ChainUnreachable(f"{method}: {type(error).__name__}") from error
        _require_ok(status, method)
        try:
            return orjson.loads(body)
        except ValueError as error:
            raise ChainAnswerInvalid(f"{method}: the answer is not JSON") from error


def _require_ok(status: int, method: str) -> None:
    if status == httpx2.codes.OK:
        return
    text = f"{method}: HTTP {status}"
    if status == httpx2.codes.TOO_MANY_REQUESTS:
        raise ChainBusy(text)
    if status >= httpx2.codes.INTERNAL_SERVER_ERROR or status == httpx2.codes.REQUEST_TIMEOUT:
        raise ChainUnreachable(text)
    raise ChainRefused(text)


def _replies(body: Any, calls: Sequence[Call]) -> list[Reply]:
    method = calls[0].method
    if isinstance(body, dict):
        if len(calls) == 1 and body.get("id") == 0:
            return [_reply(body, calls[0])]
        if isinstance(body.get("error"), dict) and body.get("id") in (None, 0):
            raise _fault(body["error"], method).as_error(method)
        raise ChainAnswerInvalid(f"{method}: the answer is to another request")
    if not isinstance(body, list) or len(body) != len(calls):
        raise ChainAnswerInvalid(f"{method}: the answer has not one reply for each of {len(calls)} calls")
    by_id = {entry.get("id"): entry for entry in body if isinstance(entry, dict)}
    missing = [number for number in range(len(calls)) if number not in by_id]
    if missing:
        raise ChainAnswerInvalid(f"{method}: no reply to call {missing[0]} of the batch")
    return [_reply(by_id[number], one) for number, one in enumerate(calls)]


def _reply(entry: dict[str, Any], asked: Call) -> Reply:
    if isinstance(entry.get("error"), dict):
        return Reply(asked.method, fault=_fault(entry["error"], asked.method))
    if "result" not in entry:
        raise ChainAnswerInvalid(f"{asked.method}: neither result nor error")
    return Reply(asked.method, result=entry["result"])


def _fault(error: dict[str, Any], method: str) -> RpcFault:
    code = error.get("code")
    if type(code) is not int:
        raise ChainAnswerInvalid(f"{method}: an error without a code")
    return RpcFault(code, str(error.get("message", "")), error.get("data"))
