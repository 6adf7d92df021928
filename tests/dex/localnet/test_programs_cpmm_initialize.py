"""The stand-in of Raydium CPMM creates pools as the recorded program did."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT
from dex.localnet.genesis_layouts import cpmm_config, token_account
from dex.localnet.programs import RAYDIUM_CPMM
from tests.dex.localnet.creation_scene import Created, created, holding
from tests.dex.localnet.test_programs import load_cases

CASES = {case["id"]: case for case in load_cases("creations") if case["venue"] == "raydium-cpmm"}
CREATION_FEE = 150_000_000


def address_of(case: dict[str, Any], name: str) -> str:
    return str(next(account["pubkey"] for account in case["accounts"] if account["name"] == name))


def prepared(case: dict[str, Any], disabled: int = 0) -> dict[str, Account]:
    built = cpmm_config(
        RAYDIUM_CPMM, bump=255, index=0, trade_rate=2_500, protocol_rate=120_000, fund_rate=40_000
    )
    data = bytearray(built.data)
    data[9] = disabled
    struct.pack_into("<Q", data, 36, CREATION_FEE)
    receiver = token_account(NATIVE_MINT, Pubkey.default(), 0)
    return {
        address_of(case, "amm_config"): Account(built.lamports, bytes(data), RAYDIUM_CPMM),
        address_of(case, "creator_token_0"): holding(case, 0),
        address_of(case, "creator_token_1"): holding(case, 1),
        address_of(case, "create_pool_fee"): Account(receiver.lamports, receiver.data, receiver.owner),
    }


@pytest.mark.parametrize("name", CASES)
def test_a_pool_is_created_as_recorded(name: str) -> None:
    case = CASES[name]
    done: Created = created(case, prepared(case))
    assert done.error is None, done.logs
    for address, wanted in case["created"].items():
        account = done.account(address)
        assert account is not None
        assert bytes(account.data).hex() == base64.b64decode(wanted["data"]).hex()
        assert account.lamports == wanted["lamports"]
        assert account.owner == Pubkey.from_string(wanted["owner"])
    recorded = [(i["depth"], i["program"], i["data"]) for i in case["inner_instructions"]]
    assert done.calls == recorded
    assert "Program log: Instruction: Initialize" in done.logs


def test_a_pool_is_created_once() -> None:
    case = CASES["raydium-cpmm-create-0"]
    there = Account(1, b"", RAYDIUM_CPMM)
    done = created(case, {**prepared(case), case["pool"]: there})
    assert done.error == {"InstructionError": [1, {"Custom": 0}]}  # the system program's AccountAlreadyInUse


def test_a_config_that_is_switched_off_creates_none() -> None:
    case = CASES["raydium-cpmm-create-0"]
    done = created(case, prepared(case, disabled=1))
    assert done.error == {"InstructionError": [1, {"Custom": 6000}]}
    assert done.account(case["pool"]) is None


def test_a_creator_with_too_little_creates_none() -> None:
    case = CASES["raydium-cpmm-create-0"]
    done = created(case, {**prepared(case), address_of(case, "creator_token_1"): holding(case, 1, 1)})
    assert done.error == {"InstructionError": [1, {"Custom": 1}]}
    assert done.account(case["pool"]) is None
