"""A localnet for the order's tests, with a funded wallet, and a line to its fault methods."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from solders.account import Account
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from dex.localnet.command_line import read_command_line
from dex.transactions.token_accounts import associated_token_address
from tests.localnet_process import FAST_SLOTS_MS, LocalnetThread, start_localnet_thread

Found = TypeVar("Found")


@dataclass(slots=True)
class TestChain:
    """A running chain and the wallet that trades on it."""

    __test__ = False

    network: LocalnetThread
    wallet: Keypair
    key_file: Path

    @property
    def url(self) -> str:
        return self.network.url

    def call(self, method: str, *params: object) -> Any:
        """The result of a JSON-RPC call, which must not be an error."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = httpx2.post(self.url, json=body, timeout=60).json()
        assert "error" not in answer, answer
        return answer["result"]

    def fault(self, method: str, kind: str, count: int = 1) -> None:
        """The next ``count`` calls of ``method`` go wrong."""
        self.call("localnet_setFault", {"method": method, "kind": kind, "count": count})

    def change_account(self, address: Pubkey, data: bytes | None = None, lamports: int | None = None) -> None:
        """Write other bytes, or other lamports, into an account that is there, and confirm them."""
        now = self.network.account(address)
        assert now is not None, address
        changed = Account(
            now.lamports if lamports is None else lamports,
            bytes(now.data) if data is None else data,
            now.owner,
        )
        self.network.put_account(address, changed)
        self.call("localnet_advance", {"slots": 2})

    def hold(self, mint: str, amount: int) -> None:
        """Let the wallet hold just so many base units of a token."""
        address = associated_token_address(self.wallet.pubkey(), Pubkey.from_string(mint))
        account = self.network.account(address)
        assert account is not None, mint
        data = bytes(account.data)
        self.change_account(address, data[:64] + amount.to_bytes(8, "little") + data[72:])

    def hold_sol(self, lamports: int) -> None:
        """Let the wallet hold just so many lamports."""
        self.change_account(self.wallet.pubkey(), lamports=lamports)

    def swaps_of_wallet(self) -> list[str]:
        """Signatures of the wallet's successful transactions so far, oldest first."""
        self.call("localnet_advance", {"slots": 2})
        config = {"limit": 1000, "commitment": "confirmed"}
        entries = self.call("getSignaturesForAddress", str(self.wallet.pubkey()), config)
        return [entry["signature"] for entry in reversed(entries) if entry["err"] is None]


@contextmanager
def running_chain(folder: Path, *arguments: str, funded: bool = True) -> Iterator[TestChain]:
    """A fresh chain with fast slots and fault methods, and a key file for its wallet.

    ``arguments`` are those of ``python -m dex.localnet``.
    """
    wallet = Keypair()
    key_file = folder / "wallet.json"
    key_file.touch(mode=0o600)
    key_file.write_text(wallet.to_json())
    fund = ("--fund", str(wallet.pubkey())) if funded else ()
    fast = ("--slot-ms", str(FAST_SLOTS_MS), "--allow-faults")
    network = start_localnet_thread(read_command_line([*fund, *fast, *arguments]).options)
    try:
        yield TestChain(network, wallet, key_file)
    finally:
        network.stop()


def use_chain(settings: Any, chain: TestChain, network: str = "localnet") -> None:
    """Point the gateway's settings at ``chain`` and its wallet."""
    settings.SOLANA_RPC_URL = chain.url
    # Ten of the chain's fast slots pass in no time.
    settings.QUOTE_LASTS_SLOTS = 10_000
    # Tests change the chain between the quote and the signature.
    settings.QUOTED_STATE_LASTS_MS = 0
    settings.SOLANA_NETWORK = network
    settings.WALLET_ADDRESS = str(chain.wallet.pubkey())
    settings.WALLET_KEYPAIR = str(chain.key_file)


_pause = threading.Event()


def eventually(look: Callable[[], Found | None], seconds: int = 10) -> Found:
    """What ``look`` gives as soon as it gives something true; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        _pause.wait(0.01)
    raise AssertionError(f"nothing came within {seconds} s")
