"""Recorded Meteora DLMM pairs on a bank, ready to be swapped with."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass
from typing import Any

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from dex.config import MEMO_PROGRAM
from dex.localnet.programs import METEORA_DLMM
from tests.dex.localnet.recorded_scene import RecordedScene
from tests.dex.localnet.test_programs import Bank, Outcome

EVENT_AUTHORITY = Pubkey.from_string("D1ZN9Wj1fRSUQfCjhvnu1hqDMT7hzjzBBpi12nVniYD6")
SWAP2 = bytes.fromhex("414b3f4ceb5b5b88")
SWAP_EXACT_OUT2 = bytes.fromhex("2bd7f784893cf351")
NO_HOOKS = bytes(4)
MAX_U64 = 2**64 - 1
BALANCE = 2**62
ORACLE = bytes.fromhex("8bc283b38cb3e5f4") + bytes(3224)


@dataclass
class Scene(RecordedScene):
    """A pair of this venue."""

    PROGRAM = METEORA_DLMM

    def swap2(self, amount_in: int, minimum_out: int) -> Outcome:
        data = SWAP2 + struct.pack("<QQ", amount_in, minimum_out) + NO_HOOKS
        return self.bank.run(METEORA_DLMM, self.metas, data)

    def swap_exact_out2(self, maximum_in: int, amount_out: int) -> Outcome:
        data = SWAP_EXACT_OUT2 + struct.pack("<QQ", maximum_in, amount_out) + NO_HOOKS
        return self.bank.run(METEORA_DLMM, self.metas, data)

    def pool_integer(self, offset: int, length: int, *, signed: bool = False) -> int:
        field = self.bank.data(self.pool)[offset : offset + length]
        return int.from_bytes(field, "little", signed=signed)

    def protocol_fees(self) -> list[int]:
        return [self.pool_integer(offset, 8) for offset in (216, 224)]

    @property
    def received(self) -> int:
        return self.bank.balance(self.destination)

    @property
    def paid(self) -> int:
        return BALANCE - self.bank.balance(self.source)


def _walking_order(arrays: list[dict[str, Any]], active_id: int, sells_x: bool) -> list[Pubkey]:
    """The arrays from the active one on, in the direction of the swap."""
    by_index = {
        struct.unpack_from("<q", base64.b64decode(entry["data"]), 8)[0]: Pubkey.from_string(entry["address"])
        for entry in arrays
    }
    active = active_id // 70
    ahead = [index for index in by_index if (index <= active if sells_x else index >= active)]
    return [by_index[index] for index in sorted(ahead, reverse=sells_x)]


def set_scene(bank: Bank, case: dict[str, Any]) -> Scene:
    accounts, sells_x = case["accounts"], case["direction"] == "x_to_y"
    pair = bank.set_recorded(accounts["lb_pair"])
    mints = [bank.set_recorded(accounts["mint_x"]), bank.set_recorded(accounts["mint_y"])]
    for entry in accounts["bin_arrays"]:
        bank.set_recorded(entry)
    state = base64.b64decode(accounts["lb_pair"]["data"])
    reserves = [
        bank.set_token_account(Pubkey.from_bytes(state[offset : offset + 32]), mint, pair, BALANCE)
        for offset, mint in zip((152, 184), mints, strict=True)
    ]
    oracle = Pubkey.from_bytes(state[552:584])
    bank.set(oracle, METEORA_DLMM, ORACLE)
    clock = case["clock"]
    bank.set_clock(clock["slot"], clock["epoch"], clock["ts"])
    user, into = bank.user.pubkey(), 0 if sells_x else 1
    source = bank.new_token_account(mints[into], user, BALANCE)
    destination = bank.new_token_account(mints[1 - into], user, 0)
    (active_id,) = struct.unpack_from("<i", state, 76)
    metas = [
        AccountMeta(pair, False, True),
        AccountMeta(METEORA_DLMM, False, False),
        AccountMeta(reserves[0], False, True),
        AccountMeta(reserves[1], False, True),
        AccountMeta(source, False, True),
        AccountMeta(destination, False, True),
        AccountMeta(mints[0], False, False),
        AccountMeta(mints[1], False, False),
        AccountMeta(oracle, False, True),
        AccountMeta(METEORA_DLMM, False, False),
        AccountMeta(user, True, False),
        AccountMeta(bank.owner_of(mints[0]), False, False),
        AccountMeta(bank.owner_of(mints[1]), False, False),
        AccountMeta(MEMO_PROGRAM, False, False),
        AccountMeta(EVENT_AUTHORITY, False, False),
        AccountMeta(METEORA_DLMM, False, False),
        *(
            AccountMeta(address, False, True)
            for address in _walking_order(accounts["bin_arrays"], active_id, sells_x)
        ),
    ]
    return Scene(bank, pair, source, destination, metas)


def run_case(scene: Scene, case: dict[str, Any]) -> Outcome:
    amount = int(case["amount"])
    if case["mode"] == "exact_in":
        return scene.swap2(amount, 0)
    return scene.swap_exact_out2(MAX_U64, amount)


def set_executed(bank: Bank, case: Any) -> None:
    """Every account of a recorded instruction, its wallet's tokens given to the bank's user."""
    for name, value in case["accounts"].items():
        for entry in value if isinstance(value, list) else [value]:
            assert bank.set_recorded(entry), name
    for address, entry in case["other_accounts"].items():
        data = base64.b64decode(entry["data"])
        if address in (case["user_in"], case["user_out"]):
            data = data[:32] + bytes(bank.user.pubkey()) + data[64:]
        key, owner = Pubkey.from_string(address), Pubkey.from_string(entry["owner"])
        bank.set(key, owner, data, lamports=entry["lamports"])
    clock = case["clock"]
    bank.set_clock(clock["slot"], clock["epoch"], clock["ts"])


def recorded_metas(bank: Bank, case: Any) -> list[AccountMeta]:
    """The recorded accounts, with the bank's user in place of the recorded wallet."""
    return [
        AccountMeta(bank.user.pubkey() if key == case["payer"] else Pubkey.from_string(key), signs, writable)
        for key, signs, writable in case["instruction"]["accounts"]
    ]
