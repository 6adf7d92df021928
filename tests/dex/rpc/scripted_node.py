"""A Solana node that answers what a test has written down."""

import base64
import json
from collections.abc import Callable

import httpx2
from solders.keypair import Keypair
from solders.signature import Signature

from dex.config import TOKEN_PROGRAM
from dex.rpc.node import SolanaRpc

KEY = Keypair.from_seed(b"r" * 32)
OWNER = KEY.pubkey()
SIGNATURES = [str(KEY.sign_message(bytes([n]))) for n in range(3)]
URL = "http://node.invalid/?api-key=secret"


def raw(number: int, size: int = 200) -> bytes:
    return b"\x01" + bytes(Signature.from_string(SIGNATURES[number])) + bytes(size)


def client(handler: Callable[[httpx2.Request], httpx2.Response]) -> SolanaRpc:
    return SolanaRpc(URL, transport=httpx2.MockTransport(handler))


def node(answer: Callable[[str, list], dict], seen: list | None = None) -> SolanaRpc:
    """A node whose ``answer(method, params)`` gives the result or error part of each reply."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        calls = body if isinstance(body, list) else [body]
        if seen is not None:
            seen.append([(call["method"], call["params"]) for call in calls])
        replies = [
            {"jsonrpc": "2.0", "id": call["id"], **answer(call["method"], call["params"])} for call in calls
        ]
        # A node may answer the calls of a batch in any order.
        return httpx2.Response(200, json=replies[::-1] if isinstance(body, list) else replies[0])

    return client(handle)


def ok(value: object, slot: int = 7) -> dict:
    return {"result": {"context": {"slot": slot}, "value": value}}


def error(code: int, data: object = None) -> dict:
    return {"error": {"code": code, "message": "any text", "data": data}}


def clock(slot: int) -> dict:
    data = b"".join(value.to_bytes(8, "little") for value in (slot, 1, 2, 3, 1_700_000_000))
    return entry(data, "Sysvar1111111111111111111111111111111111111")


def entry(data: bytes, owner: str = str(TOKEN_PROGRAM), lamports: int = 5) -> dict:
    content = [base64.b64encode(data).decode(), "base64"]
    return {
        "owner": owner,
        "lamports": lamports,
        "data": content,
        "executable": False,
        "rentEpoch": 2**64 - 1,
    }
