"""What the localnet tests share: a funded payer, transactions of it, waiting for the chain."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from dex.config import SYSTEM_PROGRAM
from dex.localnet.server import NetworkOptions
from dex.types import AccountData

PAYER = Keypair.from_seed(bytes(range(32)))
FRIEND = Keypair.from_seed(bytes([7] * 32)).pubkey()
LARGE = Keypair.from_seed(bytes([8] * 32)).pubkey()
SOL = 10**9
T = TypeVar("T")


def funded() -> NetworkOptions:
    """A network where the payer has 1,000 SOL and its friend 1 SOL, and one account has 129 bytes."""
    accounts = {
        PAYER.pubkey(): AccountData(SYSTEM_PROGRAM, 1_000 * SOL, b""),
        FRIEND: AccountData(SYSTEM_PROGRAM, SOL, b""),
        LARGE: AccountData(PAYER.pubkey(), SOL, bytes(129)),
    }
    return NetworkOptions(slot_ms=20, genesis=lambda _fund: accounts, allow_faults=True)


def payment(lamports: int, blockhash: Hash, to: Pubkey = FRIEND) -> VersionedTransaction:
    """The payer pays."""
    pay = transfer(TransferParams(from_pubkey=PAYER.pubkey(), to_pubkey=to, lamports=lamports))
    return signed([pay], blockhash)


def signed(instructions: Sequence[Instruction], blockhash: Hash, *more: Keypair) -> VersionedTransaction:
    """A v0 transaction of the payer."""
    message = MessageV0.try_compile(PAYER.pubkey(), list(instructions), [], blockhash)
    return VersionedTransaction(message, [PAYER, *more])


async def eventually(ask: Callable[[], Awaitable[T]], holds: Callable[[T], bool]) -> T:
    """Asks again and again until the answer holds; fails after 10 s."""
    deadline = time.monotonic() + 10
    while not holds(answer := await ask()):
        assert time.monotonic() < deadline, answer
    return answer
