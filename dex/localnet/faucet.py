"""The network's faucet: a wallet with a known key, which airdrops are real transfers from."""

from __future__ import annotations

import hashlib
from typing import Final

from solders.account import Account
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from dex.config import MEMO_PROGRAM, SYSTEM_PROGRAM

_SEED_TEXT: Final = b"localnet faucet"
FAUCET_LAMPORTS: Final = 500_000_000 * 10**9


def faucet_keypair() -> Keypair:
    """The same key on every localnet; worthless elsewhere."""
    return Keypair.from_seed(hashlib.sha256(_SEED_TEXT).digest())


def faucet_account() -> Account:
    """The faucet's account at genesis."""
    return Account(FAUCET_LAMPORTS, b"", SYSTEM_PROGRAM)


def airdrop_transaction(
    recipient: Pubkey, lamports: int, blockhash: Hash, serial: int
) -> VersionedTransaction:
    """A signed transfer; ``serial`` goes into a memo, so that two equal airdrops are two signatures."""
    faucet = faucet_keypair()
    pay = transfer(TransferParams(from_pubkey=faucet.pubkey(), to_pubkey=recipient, lamports=lamports))
    memo = Instruction(MEMO_PROGRAM, f"airdrop {serial}".encode(), [])
    message = MessageV0.try_compile(faucet.pubkey(), [pay, memo], [], blockhash)
    return VersionedTransaction(message, [faucet])
