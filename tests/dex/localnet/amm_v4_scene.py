"""Recorded Raydium AMM v4 pools on a bank, ready to be swapped with."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass
from typing import Any

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from dex.config import TOKEN_PROGRAM
from dex.localnet.programs import RAYDIUM_AMM_V4
from tests.dex.localnet.recorded_scene import RecordedScene
from tests.dex.localnet.test_programs import Bank, Outcome

AUTHORITY = Pubkey.from_string("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1")
SWAP_BASE_IN, SWAP_BASE_OUT, SWAP_BASE_IN_V2, SWAP_BASE_OUT_V2 = 9, 11, 16, 17
MAX_U64 = 2**64 - 1
USER_BALANCE = 2**63
MINT_SIZE = 82


def pubkey_at(data: bytes, offset: int) -> Pubkey:
    return Pubkey.from_bytes(data[offset : offset + 32])


@dataclass
class Scene(RecordedScene):
    """A pool of this venue."""

    PROGRAM = RAYDIUM_AMM_V4

    def swap(self, tag: int, first: int, second: int) -> Outcome:
        metas = self.metas
        if tag in (SWAP_BASE_IN_V2, SWAP_BASE_OUT_V2):
            metas = [*metas[:3], *metas[4:6], *metas[14:]]
        return self.bank.run(RAYDIUM_AMM_V4, metas, struct.pack("<BQQ", tag, first, second))


def set_scene(bank: Bank, case: dict[str, Any]) -> Scene:
    pool = bank.set_recorded(case["accounts"]["amm"])
    state = base64.b64decode(case["accounts"]["amm"]["data"])
    mints = [pubkey_at(state, 400), pubkey_at(state, 432)]
    for mint in mints:
        bank.set(mint, TOKEN_PROGRAM, bytes(MINT_SIZE))
    balances = [int(amount) for amount in case["inputs"]["vault_balance"]]
    vaults = [
        bank.set_token_account(pubkey_at(state, offset), mint, AUTHORITY, balance)
        for offset, mint, balance in zip((336, 368), mints, balances, strict=True)
    ]
    clock = case["clock"]
    bank.set_clock(clock["slot"], clock["epoch"], clock["ts"])
    user = bank.user.pubkey()
    into = 0 if case["direction"] == "coin_to_pc" else 1
    source = bank.new_token_account(mints[into], user, USER_BALANCE)
    destination = bank.new_token_account(mints[1 - into], user, 0)
    metas = [
        AccountMeta(TOKEN_PROGRAM, False, False),
        AccountMeta(pool, False, True),
        AccountMeta(AUTHORITY, False, False),
        AccountMeta(pubkey_at(state, 496), False, True),
        *(AccountMeta(vault, False, True) for vault in vaults),
        *[AccountMeta(pool, False, True)] * 8,
        AccountMeta(source, False, True),
        AccountMeta(destination, False, True),
        AccountMeta(user, True, False),
    ]
    return Scene(bank, pool, source, destination, metas)


def run_case(scene: Scene, case: dict[str, Any]) -> Outcome:
    amount = int(case["amount"])
    if case["mode"] == "exact_in":
        return scene.swap(SWAP_BASE_IN, amount, 0)
    return scene.swap(SWAP_BASE_OUT, MAX_U64, amount)
