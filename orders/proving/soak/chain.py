"""The wallet's books as the node has them: plain JSON-RPC, nothing of the engine's own reading."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import httpx2

NATIVE: Final = "So11111111111111111111111111111111111111112"
_TOKEN_PROGRAM: Final = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"  # noqa: S105 -- an address
_PAGE: Final = 1000
_CHUNK: Final = 50
# spl-token state.rs, Account: mint, owner, amount (u64).
_ACCOUNT_SIZE: Final = 165
_MINT, _OWNER, _AMOUNT = slice(0, 32), slice(32, 64), slice(64, 72)
_MEMO_PROGRAM: Final = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"
_MEMO: Final = re.compile(r"order ([0-9a-f-]{36}) attempt (\d+)")
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Landed:
    """A transaction of the wallet that is in a block; ``fee`` in lamports.

    ``moved`` are base units by mint that the wallet had more afterwards; of SOL without the fee.
    """

    signature: str
    succeeded: bool
    fee: int
    order_id: UUID | None
    attempt: int
    moved: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Balances:
    """Base units by mint: the wallet's (SOL: lamports) and everybody else's token accounts together."""

    wallet: Mapping[str, int]
    others: Mapping[str, int]


class ChainBooks:
    """Reads one node about one wallet. Raises httpx2.HTTPError when it does not answer."""

    def __init__(self, url: str, wallet: str) -> None:
        self.url = url
        self._wallet = wallet
        self._http = httpx2.Client(timeout=20)

    def call(self, method: str, *params: object) -> Any:
        """The result of a call, which must not be an error."""
        return self._batch([(method, params)])[0]

    def is_healthy(self) -> bool:
        """Whether the node answers."""
        try:
            return bool(self.call("getHealth") == "ok")
        except (httpx2.HTTPError, ValueError, AssertionError):
            return False

    def fault(self, method: str, kind: str, count: int = 1, delay_ms: int = 0) -> None:
        """The next ``count`` calls of ``method`` go wrong (dex.localnet.faults has the kinds)."""
        options = {"method": method, "kind": kind, "count": count, "delayMs": delay_ms}
        self.call("localnet_setFault", options)

    def landed(self) -> list[Landed]:
        """Every transaction of the wallet in a confirmed block, newest first."""
        signatures = self._signatures()
        found: list[Landed] = []
        for start in range(0, len(signatures), _CHUNK):
            chunk = signatures[start : start + _CHUNK]
            options = {"commitment": "confirmed", "maxSupportedTransactionVersion": 0}
            answers = self._batch([("getTransaction", (signature, options)) for signature in chunk])
            found += [_landed(s, answer, self._wallet) for s, answer in zip(chunk, answers, strict=True)]
        return found

    def balances(self) -> Balances:
        """What the wallet holds, and what all other token accounts hold together, at confirmed."""
        config = {"commitment": "confirmed"}
        query = {**config, "encoding": "base64", "filters": [{"dataSize": _ACCOUNT_SIZE}]}
        lamports, accounts = self._batch(
            [("getBalance", (self._wallet, config)), ("getProgramAccounts", (_TOKEN_PROGRAM, query))]
        )
        wallet, others = Counter({NATIVE: lamports["value"]}), Counter[str]()
        for entry in accounts:
            data = base64.b64decode(entry["account"]["data"][0])
            mint, owner = _base58(data[_MINT]), _base58(data[_OWNER])
            (wallet if owner == self._wallet else others)[mint] += int.from_bytes(data[_AMOUNT], "little")
        return Balances(wallet, others)

    def _signatures(self) -> list[str]:
        signatures: list[str] = []
        while True:
            config: dict[str, object] = {"limit": _PAGE, "commitment": "confirmed"}
            if signatures:
                config["before"] = signatures[-1]
            page = self.call("getSignaturesForAddress", self._wallet, config)
            signatures += [entry["signature"] for entry in page]
            if len(page) < _PAGE:
                return signatures

    def _batch(self, calls: list[tuple[str, tuple[object, ...]]]) -> list[Any]:
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(calls)
        ]
        answers = {answer["id"]: answer for answer in self._http.post(self.url, json=body).json()}
        for number, (method, _) in enumerate(calls):
            assert "error" not in answers[number], (method, answers[number])
        return [answers[number]["result"] for number in range(len(calls))]


def _landed(signature: str, answer: Any, wallet: str) -> Landed:
    meta, message = answer["meta"], answer["transaction"]["message"]
    programs = [message["accountKeys"][one["programIdIndex"]] for one in message["instructions"]]
    texts = (_from_base58(one["data"]) for one in message["instructions"])
    memos = [text.decode() for text, program in zip(texts, programs, strict=True) if program == _MEMO_PROGRAM]
    match = _MEMO.fullmatch(memos[0]) if len(memos) == 1 else None
    order_id, attempt = (UUID(match[1]), int(match[2])) if match else (None, 0)
    moved = _moved(meta, message["accountKeys"].index(wallet), wallet)
    return Landed(signature, meta["err"] is None, meta["fee"], order_id, attempt, moved)


def _moved(meta: Any, place: int, wallet: str) -> Mapping[str, int]:
    moved = Counter[str]()
    for name, sign in (("postTokenBalances", 1), ("preTokenBalances", -1)):
        for entry in meta[name] or ():
            if entry["owner"] == wallet:
                moved[entry["mint"]] += sign * int(entry["uiTokenAmount"]["amount"])
    lamports = meta["postBalances"][place] - meta["preBalances"][place]
    # What lies wrapped lies in lamports of another account.
    moved[NATIVE] += lamports + (meta["fee"] if place == 0 else 0)
    return moved


def _from_base58(text: str) -> bytes:
    number = 0
    for letter in text:
        number = number * 58 + _BASE58.index(letter)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def _base58(raw: bytes) -> str:
    number, text = int.from_bytes(raw), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text
