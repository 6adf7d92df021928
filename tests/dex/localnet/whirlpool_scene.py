"""Recorded Whirlpools on a bank, ready to be swapped with."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from dex.config import MEMO_PROGRAM
from dex.localnet.programs import ORCA_WHIRLPOOL
from tests.dex.localnet.recorded_scene import RecordedScene
from tests.dex.localnet.test_programs import Bank, Outcome

SWAP_V2 = bytes.fromhex("2b04ed0b1ac91e62")
EMPTY_FIXED_ARRAY = bytes.fromhex("4561bdbe6e0742bb").ljust(9_988, b"\0")
USER_BALANCE = 2**63


@dataclass
class Scene(RecordedScene):
    """A pool of this venue, of either deployment."""

    PROGRAM = ORCA_WHIRLPOOL

    program: Pubkey
    oracle: Pubkey
    data: bytes

    def run(self) -> Outcome:
        return self.bank.run(self.program, self.metas, self.data)

    def patch(self, address: Pubkey, offset: int, value: bytes) -> None:
        data = bytearray(self.bank.data(address))
        data[offset : offset + len(value)] = value
        self.bank.set(address, self.program, bytes(data))

    def patch_data(self, offset: int, value: bytes) -> None:
        self.data = self.data[:offset] + value + self.data[offset + len(value) :]

    def left(self) -> tuple[int, int, int]:
        """Liquidity, square-root price and tick of the pool now."""
        data = self.bank.data(self.pool)
        (tick,) = struct.unpack_from("<i", data, 81)
        return int.from_bytes(data[49:65], "little"), int.from_bytes(data[65:81], "little"), tick


def set_scene(bank: Bank, case: dict[str, Any]) -> Scene:
    """The recorded accounts with a user of the bank; the case's own instruction is in ``data`` and ``metas``.

    Recordings by the first ``swap`` are turned into the ``swap_v2`` of the same arguments.
    """
    accounts, program = case["accounts"], Pubkey.from_string(case["program"])
    singles = [accounts[name] for name in ("whirlpool", "oracle", "mint_a", "mint_b") if accounts[name]]
    for entry in [*singles, *accounts["tick_arrays"]]:
        bank.set_recorded(entry)
    pool = Pubkey.from_string(accounts["whirlpool"]["address"])
    mints = [Pubkey.from_string(accounts[name]["address"]) for name in ("mint_a", "mint_b")]
    vaults = [Pubkey.from_string(accounts[name]) for name in ("vault_a", "vault_b")]
    users = [Pubkey.from_string(accounts[name]) for name in ("user_a", "user_b")]
    into = 0 if case["direction"] == "a_to_b" else 1
    for side in (0, 1):
        bank.set_token_account(vaults[side], mints[side], pool, int(case["vault_balance"][side]))
        bank.set_token_account(users[side], mints[side], bank.user.pubkey(), USER_BALANCE * (side == into))
    clock = case["clock"]
    bank.set_clock(clock["slot"], clock["epoch"], clock["ts"])
    metas = recorded_metas(bank, case)
    data = bytes.fromhex(case["ix"]["data"])
    if case["instruction_name"] == "swap":
        programs = [AccountMeta(bank.owner_of(mint), False, False) for mint in mints]
        memo = AccountMeta(MEMO_PROGRAM, False, False)
        named = [AccountMeta(mint, False, False) for mint in mints]
        metas = [
            *programs,
            memo,
            *metas[1:3],
            *named,
            *metas[3:10],
            AccountMeta(metas[10].pubkey, False, True),
        ]
        data = SWAP_V2 + data[8:42] + b"\0"
    oracle = Pubkey.from_string(accounts["oracle_address"])
    return Scene(bank, pool, users[into], users[1 - into], metas, program, oracle, data)


def recorded_metas(bank: Bank, case: dict[str, Any]) -> list[AccountMeta]:
    """The accounts of the recorded instruction, the bank's user in place of the recorded one."""
    user = case["accounts"]["user"]
    return [
        AccountMeta(
            bank.user.pubkey() if key == user else Pubkey.from_string(key), bool(signer), bool(writable)
        )
        for key, signer, writable in case["ix"]["accounts"]
    ]
