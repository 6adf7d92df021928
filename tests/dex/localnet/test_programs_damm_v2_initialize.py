"""The stand-in of Meteora DAMM v2 creates customizable pools as the recorded program did."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from tests.dex.localnet.creation_scene import created, holding
from tests.dex.localnet.test_programs import load_cases

CASES = {
    case["id"]: case
    for case in load_cases("creations")
    if case["instruction"] == "initialize_customizable_pool" and case["ok"]
}
DAY_IN_SECONDS = 86_400


def prepared(case: dict[str, Any]) -> dict[str, Account]:
    addresses = {account["name"]: account["pubkey"] for account in case["accounts"]}
    return {
        addresses["payer_token_a"]: holding(case, index_of(case, addresses["token_a_mint"])),
        addresses["payer_token_b"]: holding(case, index_of(case, addresses["token_b_mint"])),
    }


def index_of(case: dict[str, Any], mint: str) -> int:
    return [entry["address"] for entry in case["mints"]].index(mint)


@pytest.mark.parametrize("name", CASES)
def test_a_pool_is_created_as_recorded(name: str) -> None:
    case = CASES[name]
    done = created(case, prepared(case))
    assert done.error is None, done.logs
    for address, wanted in case["created"].items():
        account = done.account(address)
        assert account is not None
        assert bytes(account.data).hex() == base64.b64decode(wanted["data"]).hex()
        assert account.lamports == wanted["lamports"]
        assert account.owner == Pubkey.from_string(wanted["owner"])
    recorded = [(i["depth"], i["program"], i["data"]) for i in case["inner_instructions"]]
    assert done.calls == recorded
    assert "Program log: Instruction: InitializeCustomizablePool" in done.logs


def test_an_opening_that_has_passed_is_refused() -> None:
    case = CASES["meteora-damm-v2-create-5"]
    late = {**case, "clock": {**case["clock"], "ts": case["opens_at"]["value"] + 1}}
    done = created(late, prepared(case))
    assert done.error == {"InstructionError": [1, {"Custom": 6011}]}


def test_an_opening_more_than_a_month_ahead_is_refused() -> None:
    case = CASES["meteora-damm-v2-create-5"]
    for days, error in ((30, None), (32, {"InstructionError": [1, {"Custom": 6011}]})):
        now = case["opens_at"]["value"] - days * DAY_IN_SECONDS
        done = created({**case, "clock": {**case["clock"], "ts": now}}, prepared(case))
        assert done.error == error
