"""Recorded Raydium CPMM pools on a bank, ready to be swapped with."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass
from typing import Any

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from dex.localnet.programs import RAYDIUM_CPMM
from tests.dex.localnet.recorded_scene import RecordedScene
from tests.dex.localnet.test_programs import Bank, Outcome

AUTHORITY = Pubkey.from_string("GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL")
SWAP_BASE_INPUT = bytes.fromhex("8fbe5adac41e33de")
SWAP_BASE_OUTPUT = bytes.fromhex("37d96256a34ab4ad")
OBSERVATION_DISCRIMINATOR = bytes.fromhex("7aaec5358109a584")
OBSERVATION_LENGTH = 4075
MAX_U64 = 2**64 - 1
USER_BALANCE = 2**63


def pubkey_at(data: bytes, offset: int) -> Pubkey:
    return Pubkey.from_bytes(data[offset : offset + 32])


@dataclass
class Scene(RecordedScene):
    """A pool of this venue."""

    PROGRAM = RAYDIUM_CPMM

    def swap(self, name: bytes, first: int, second: int) -> Outcome:
        return self.bank.run(RAYDIUM_CPMM, self.metas, name + struct.pack("<QQ", first, second))

    def fee_counters(self) -> list[int]:
        """Protocol, fund and creator fees, each for token 0 and token 1."""
        data = self.bank.data(self.pool)
        return [*struct.unpack_from("<4Q", data, 341), *struct.unpack_from("<2Q", data, 397)]


def set_scene(bank: Bank, case: dict[str, Any]) -> Scene:
    accounts = case["accounts"]
    config, pool = bank.set_recorded(accounts["config"]), bank.set_recorded(accounts["pool"])
    mints = [bank.set_recorded(accounts["mint0"]), bank.set_recorded(accounts["mint1"])]
    state = base64.b64decode(accounts["pool"]["data"])
    balances = [int(amount) for amount in case["inputs"]["vault_balance"]]
    vaults = [
        bank.set_token_account(pubkey_at(state, offset), mint, AUTHORITY, balance)
        for offset, mint, balance in zip((72, 104), mints, balances, strict=True)
    ]
    observation = pubkey_at(state, 296)
    bank.set(observation, RAYDIUM_CPMM, OBSERVATION_DISCRIMINATOR.ljust(OBSERVATION_LENGTH, b"\0"))
    clock = case["clock"]
    bank.set_clock(clock["slot"], clock["epoch"], clock["ts"])
    user = bank.user.pubkey()
    into = 0 if case["direction"] == "0to1" else 1
    out = 1 - into
    source = bank.new_token_account(mints[into], user, USER_BALANCE)
    destination = bank.new_token_account(mints[out], user, 0)
    metas = [
        AccountMeta(user, True, False),
        AccountMeta(AUTHORITY, False, False),
        AccountMeta(config, False, False),
        AccountMeta(pool, False, True),
        AccountMeta(source, False, True),
        AccountMeta(destination, False, True),
        AccountMeta(vaults[into], False, True),
        AccountMeta(vaults[out], False, True),
        AccountMeta(bank.owner_of(mints[into]), False, False),
        AccountMeta(bank.owner_of(mints[out]), False, False),
        AccountMeta(mints[into], False, False),
        AccountMeta(mints[out], False, False),
        AccountMeta(observation, False, True),
    ]
    return Scene(bank, pool, source, destination, metas)


def run_case(scene: Scene, case: dict[str, Any]) -> Outcome:
    amount = int(case["amount"])
    if case["mode"] == "exact_in":
        return scene.swap(SWAP_BASE_INPUT, amount, 0)
    return scene.swap(SWAP_BASE_OUTPUT, MAX_U64, amount)
