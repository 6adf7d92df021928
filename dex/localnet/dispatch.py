"""JSON-RPC 2.0 over a table of methods: single requests and batches.

Faults hook in through an Interceptor: it may wait, refuse, or break the answer at the HTTP level.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final, Protocol, cast

import orjson

from dex.localnet import account_methods, chain_methods, transaction_methods
from dex.localnet.chain import Chain
from dex.localnet.errors import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    PARSE_ERROR,
    RpcError,
    invalid_params,
    method_not_found,
)
from dex.localnet.parameters import Parameters

Prepare = Callable[[str, Parameters], Awaitable[None]]
Method = Callable[[Chain, Parameters], object]
STANDARD_METHODS: Final[Mapping[str, Method]] = {
    **account_methods.METHODS,
    **chain_methods.METHODS,
    **transaction_methods.METHODS,
}
# Requests of a batch that are answered before other connections and the slot clock get a turn.
_BATCH_TURN: Final = 50
_log = logging.getLogger(__name__)


class HttpFailure(Exception):
    """Breaks the answer below JSON-RPC: this status and body, or (status None) a closed connection."""

    def __init__(self, status: int | None, body: bytes = b"", content_type: bytes = b"text/plain") -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.content_type = content_type


class Interceptor(Protocol):
    """May wait or raise (RpcError, HttpFailure) before and after a method runs.

    ``lag``: how many slots the node is behind when it reads.
    """

    lag: int

    async def before(self, method: str) -> None: ...

    async def after(self, method: str) -> None: ...


class Dispatcher:
    """Answers JSON-RPC request bodies on a chain."""

    def __init__(
        self,
        chain: Chain,
        methods: Mapping[str, Method] = STANDARD_METHODS,
        interceptor: Interceptor | None = None,
    ) -> None:
        """``prepare``, when set, is awaited before a method runs."""
        self._chain = chain
        self._methods = methods
        self._interceptor = interceptor
        self.prepare: Prepare | None = None

    async def answer(self, body: bytes) -> bytes:
        """The answer to an HTTP body; empty when it held only notifications. May raise HttpFailure."""
        try:
            request = json.loads(body)
        except ValueError:
            return _encode(_error(None, RpcError(PARSE_ERROR, "Parse error")))
        if not isinstance(request, list):
            answer = await self._answer_one(request)
            return b"" if answer is None else _encode(answer)
        if not request:
            return _encode(_error(None, RpcError(INVALID_REQUEST, "Invalid request")))
        answers = []
        for position, single in enumerate(request):
            if position % _BATCH_TURN == _BATCH_TURN - 1:
                await asyncio.sleep(0)
            answers.append(await self._answer_one(single))
        answered = [answer for answer in answers if answer is not None]
        return _encode(answered) if answered else b""

    async def _answer_one(self, request: object) -> dict[str, object] | None:
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            return _error(None, RpcError(INVALID_REQUEST, "Invalid request"))
        identity = request.get("id")
        try:
            result = await self._call(request["method"], request.get("params"))
        except RpcError as error:
            answer = _error(identity, error)
            if error.http_status != HTTPStatus.OK:
                raise HttpFailure(error.http_status, _encode(answer), b"application/json") from error
        except (ArithmeticError, LookupError, TypeError, ValueError):
            # A bug here must not take the network down; the caller learns what a node would tell.
            _log.exception("%s failed", request["method"])
            answer = _error(identity, RpcError(INTERNAL_ERROR, "Internal error"))
        else:
            answer = {"jsonrpc": "2.0", "result": result, "id": identity}
        return answer if "id" in request else None

    async def _call(self, name: str, params: object) -> object:
        method = self._methods.get(name)
        if method is None:
            raise method_not_found()
        if params is not None and not isinstance(params, list):
            raise invalid_params("`params` should be an array")
        if self._interceptor is not None:
            await self._interceptor.before(name)
        parameters = Parameters(params or ())
        if self.prepare is not None:
            await self.prepare(name, parameters)
        with self._chain.read_behind(0 if self._interceptor is None else self._interceptor.lag):
            result = method(self._chain, parameters)
        if inspect.isawaitable(result):
            result = await cast("Awaitable[object]", result)
        if self._interceptor is not None:
            await self._interceptor.after(name)
        return result


def _error(identity: object, error: RpcError) -> dict[str, object]:
    return {"jsonrpc": "2.0", "error": error.as_object(), "id": identity}


def _encode(answer: object) -> bytes:
    try:
        return orjson.dumps(answer)
    except TypeError:
        # A caller may have named its request by a number beyond 64 bits.
        return json.dumps(answer, separators=(",", ":")).encode()
