"""Recorded Raydium CLMM pools on a bank, ready to be swapped with."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass
from typing import Any

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from dex.config import MEMO_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.localnet.programs import RAYDIUM_CLMM
from tests.dex.localnet.recorded_scene import RecordedScene
from tests.dex.localnet.test_programs import Bank, Outcome

SWAP_V2 = bytes.fromhex("2b04ed0b1ac91e62")
OBSERVATION_DISCRIMINATOR = bytes.fromhex("7aaec5358109a584")
OBSERVATION_LENGTH = 4483
MAX_U64 = 2**64 - 1
USER_BALANCE = 2**63


def pubkey_at(data: bytes, offset: int) -> Pubkey:
    return Pubkey.from_bytes(data[offset : offset + 32])


@dataclass
class Scene(RecordedScene):
    """A pool of this venue. The accounts are the 13 fixed ones, the bitmap extension, and tick arrays."""

    PROGRAM = RAYDIUM_CLMM

    def swap(self, amount: int, limit: int, *, price_limit: int = 0, exact_in: bool = True) -> Outcome:
        arguments = struct.pack("<QQ", amount, limit) + price_limit.to_bytes(16, "little")
        return self.bank.run(RAYDIUM_CLMM, self.metas, SWAP_V2 + arguments + bytes([exact_in]))

    def position(self) -> tuple[int, int, int]:
        """Square-root price, liquidity and tick."""
        data = self.bank.data(self.pool)
        price, liquidity = (int.from_bytes(data[at : at + 16], "little") for at in (253, 237))
        return price, liquidity, struct.unpack_from("<i", data, 269)[0]


def set_scene(bank: Bank, case: dict[str, Any]) -> Scene:
    """The case's pool with all its tick arrays passed in the direction of the swap."""
    accounts = case["accounts"]
    for name in ("config", "pool", "mint0", "mint1", "bitmap_extension"):
        bank.set_recorded(accounts[name])
    pool = Pubkey.from_string(accounts["pool"]["address"])
    state = base64.b64decode(accounts["pool"]["data"])
    mints = [Pubkey.from_string(accounts[name]["address"]) for name in ("mint0", "mint1")]
    vaults = [
        bank.set_token_account(pubkey_at(state, offset), mint, pool, int(balance))
        for offset, mint, balance in zip((137, 169), mints, case["vault_balance"], strict=True)
    ]
    observation = pubkey_at(state, 201)
    empty = (OBSERVATION_DISCRIMINATOR + bytes(11) + bytes(pool)).ljust(OBSERVATION_LENGTH, b"\0")
    bank.set(observation, RAYDIUM_CLMM, empty)
    clock = case["clock"]
    bank.set_clock(clock["slot"], clock["epoch"], clock["ts"])
    into = 0 if case["direction"] == "0to1" else 1
    arrays = sorted(accounts["tick_arrays"], key=lambda array: array["start"], reverse=into == 0)
    span = 60 * struct.unpack_from("<H", state, 235)[0]
    current = struct.unpack_from("<i", state, 269)[0] // span * span
    ahead = [
        bank.set_recorded(array)
        for array in arrays
        if (array["start"] <= current if into == 0 else array["start"] >= current)
    ]
    user = bank.user.pubkey()
    source = bank.new_token_account(mints[into], user, USER_BALANCE)
    destination = bank.new_token_account(mints[1 - into], user, 0)
    metas = [
        AccountMeta(user, True, False),
        AccountMeta(Pubkey.from_string(accounts["config"]["address"]), False, False),
        AccountMeta(pool, False, True),
        AccountMeta(source, False, True),
        AccountMeta(destination, False, True),
        AccountMeta(vaults[into], False, True),
        AccountMeta(vaults[1 - into], False, True),
        AccountMeta(observation, False, True),
        *(AccountMeta(key, False, False) for key in (TOKEN_PROGRAM, TOKEN_2022_PROGRAM, MEMO_PROGRAM)),
        AccountMeta(mints[into], False, False),
        AccountMeta(mints[1 - into], False, False),
        AccountMeta(Pubkey.from_string(accounts["bitmap_extension"]["address"]), False, False),
        *(AccountMeta(array, False, True) for array in ahead),
    ]
    return Scene(bank, pool, source, destination, metas)


def run_case(scene: Scene, case: dict[str, Any]) -> Outcome:
    amount = int(case["amount"])
    if case["mode"] == "exact_in":
        return scene.swap(amount, 0)
    return scene.swap(amount, MAX_U64, exact_in=False)
