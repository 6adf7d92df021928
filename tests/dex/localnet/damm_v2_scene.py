"""Recorded Meteora DAMM v2 pools on a bank, ready to be swapped with."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass
from typing import Any

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from dex.localnet.programs import METEORA_DAMM_V2
from tests.dex.localnet.recorded_scene import RecordedScene
from tests.dex.localnet.test_programs import Bank, Outcome

AUTHORITY = Pubkey.from_string("HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC")
EVENT_AUTHORITY = Pubkey.from_string("3rmHSu74h1ZcmAisVcWerTCiRDQbUrBKmcwptYGjHfet")
INSTRUCTIONS_SYSVAR = Pubkey.from_string("Sysvar1nstructions1111111111111111111111111")
SWAP = bytes.fromhex("f8c69e91e17587c8")
SWAP2 = bytes.fromhex("414b3f4ceb5b5b88")
EXACT_IN, PARTIAL_FILL, EXACT_OUT = 0, 1, 2
MAX_U64 = 2**64 - 1
BALANCE = 2**62
RATE_LIMITER = 2


@dataclass
class Scene(RecordedScene):
    """A pool of this venue."""

    PROGRAM = METEORA_DAMM_V2

    referral: Pubkey | None

    def swap(self, amount_in: int, minimum_out: int) -> Outcome:
        return self.bank.run(METEORA_DAMM_V2, self.metas, SWAP + struct.pack("<QQ", amount_in, minimum_out))

    def swap2(self, first: int, second: int, mode: int) -> Outcome:
        return self.bank.run(METEORA_DAMM_V2, self.metas, SWAP2 + struct.pack("<QQB", first, second, mode))

    def pool_integer(self, offset: int, length: int) -> int:
        return int.from_bytes(self.bank.data(self.pool)[offset : offset + length], "little")

    @property
    def received(self) -> int:
        return self.bank.balance(self.destination)

    @property
    def paid(self) -> int:
        return BALANCE - self.bank.balance(self.source)


def set_scene(bank: Bank, case: dict[str, Any]) -> Scene:
    accounts = case["accounts"]
    pool = bank.set_recorded(accounts["pool"])
    mints = [bank.set_recorded(accounts["mint_a"]), bank.set_recorded(accounts["mint_b"])]
    state = base64.b64decode(accounts["pool"]["data"])
    vaults = [
        bank.set_token_account(Pubkey.from_bytes(state[offset : offset + 32]), mint, AUTHORITY, BALANCE)
        for offset, mint in zip((232, 264), mints, strict=True)
    ]
    clock = case["clock"]
    bank.set_clock(clock["slot"], clock["epoch"], clock["ts"])
    user = bank.user.pubkey()
    into = 0 if case["direction"] == "a_to_b" else 1
    source = bank.new_token_account(mints[into], user, BALANCE)
    destination = bank.new_token_account(mints[1 - into], user, 0)
    collects_a = case["summary"]["collect_fee_mode"] == 0 and into == 1
    referral = (
        bank.new_token_account(mints[0 if collects_a else 1], user, 0) if case["has_referral"] else None
    )
    metas = [
        AccountMeta(AUTHORITY, False, False),
        AccountMeta(pool, False, True),
        AccountMeta(source, False, True),
        AccountMeta(destination, False, True),
        AccountMeta(vaults[0], False, True),
        AccountMeta(vaults[1], False, True),
        AccountMeta(mints[0], False, False),
        AccountMeta(mints[1], False, False),
        AccountMeta(user, True, False),
        AccountMeta(bank.owner_of(mints[0]), False, False),
        AccountMeta(bank.owner_of(mints[1]), False, False),
        AccountMeta(referral or METEORA_DAMM_V2, False, referral is not None),
        AccountMeta(EVENT_AUTHORITY, False, False),
        AccountMeta(METEORA_DAMM_V2, False, False),
    ]
    if case["summary"]["base_fee_mode"] == RATE_LIMITER:
        metas.append(AccountMeta(INSTRUCTIONS_SYSVAR, False, False))
    return Scene(bank, pool, source, destination, metas, referral)


def run_case(scene: Scene, case: dict[str, Any]) -> Outcome:
    amount = int(case["amount"])
    if case["mode"] == "exact_in":
        return scene.swap(amount, 0)
    return scene.swap2(amount, MAX_U64, EXACT_OUT)
