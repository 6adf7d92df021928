"""The Meteora DAMM v2 stand-in against recorded swaps of the real program."""

from __future__ import annotations

import base64
import struct
from collections import Counter
from typing import Any

import pytest
from solders.instruction import AccountMeta
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from dex.localnet.programs import METEORA_DAMM_V2
from tests.dex.localnet.damm_v2_scene import (
    EXACT_IN,
    EXACT_OUT,
    MAX_U64,
    PARTIAL_FILL,
    RATE_LIMITER,
    SWAP,
    SWAP2,
    Scene,
    run_case,
    set_scene,
)
from tests.dex.localnet.test_programs import Bank, Outcome, load_cases

CASES = load_cases("damm_v2")
BY_ID = {case["id"]: case for case in CASES}
COMPUTE_UNIT_LIMIT = 42_000


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(METEORA_DAMM_V2)


@pytest.mark.parametrize("case_id", BY_ID)
def test_a_swap_does_what_the_real_program_did(bank: Bank, case_id: str) -> None:
    case = BY_ID[case_id]
    recorded = case["onchain"]
    scene = set_scene(bank, case)
    fees_before = scene.pool_integer(392, 8) + scene.pool_integer(400, 8)
    outcome = run_case(scene, case)
    assert outcome.error == (None if recorded["ok"] else recorded["error"]), outcome.logs
    assert outcome.compute_units < COMPUTE_UNIT_LIMIT
    if not recorded["ok"]:
        return
    fees = scene.pool_integer(392, 8) + scene.pool_integer(400, 8) - fees_before
    assert {
        "received": scene.received,
        "paid": scene.paid,
        "next_sqrt_price": scene.pool_integer(456, 16),
        "protocol_fee": fees,
        "vol_acc_after": scene.pool_integer(120, 16),
    } == {
        name: int(recorded[name])
        for name in ("received", "paid", "next_sqrt_price", "protocol_fee", "vol_acc_after")
    }


def test_every_recorded_case_is_run() -> None:
    assert len(BY_ID) == len(CASES) == 322
    assert Counter(case["mode"] for case in CASES) == {"exact_in": 284, "exact_out": 38}
    assert Counter(case["summary"]["base_fee_mode"] for case in CASES).keys() == {0, 1, 2, 3, 4}
    assert Counter(case["summary"]["collect_fee_mode"] for case in CASES).keys() == {0, 1, 2}


WITH_REFERRAL = [i for i in BY_ID if BY_ID[i]["has_referral"] and BY_ID[i]["onchain"]["ok"]]
OVER_RANGE = [i for i in BY_ID if BY_ID[i]["mode"] == "exact_in" and BY_ID[i]["onchain"].get("error") == 6015]


@pytest.mark.parametrize("case_id", WITH_REFERRAL)
def test_the_referrer_gets_the_recorded_share(bank: Bank, case_id: str) -> None:
    case = BY_ID[case_id]
    scene = set_scene(bank, case)
    assert run_case(scene, case).error is None
    assert scene.referral is not None
    gross = int(case["onchain"]["referral"])
    assert bank.balance(scene.referral) <= gross
    if not any(case["summary"]["token_2022"]):
        assert bank.balance(scene.referral) == gross


PLAIN = next(
    case
    for case in CASES
    if case["onchain"]["ok"]
    and case["mode"] == "exact_in"
    and not case["has_referral"]
    and not any(case["summary"]["token_2022"])
    and int(case["onchain"]["received"]) > 10**6
)
AMOUNT_IN, AMOUNT_OUT = int(PLAIN["amount"]), int(PLAIN["onchain"]["received"])


@pytest.fixture
def scene(bank: Bank) -> Scene:
    return set_scene(bank, PLAIN)


def anchor_line(outcome: Outcome) -> str:
    return next(line for line in outcome.logs if "AnchorError" in line)


def test_one_unit_below_the_minimum_is_slippage(scene: Scene) -> None:
    outcome = scene.swap(AMOUNT_IN, AMOUNT_OUT + 1)
    assert outcome.error == 6002
    assert anchor_line(outcome) == (
        "Program log: AnchorError occurred. Error Code: ExceededSlippage. "
        "Error Number: 6002. Error Message: Exceeded slippage tolerance."
    )
    assert scene.paid == 0
    assert scene.swap(AMOUNT_IN, AMOUNT_OUT).error is None


def test_swap2_exact_in_equals_swap(scene: Scene) -> None:
    assert scene.swap2(AMOUNT_IN, AMOUNT_OUT, EXACT_IN).error is None
    assert (scene.paid, scene.received) == (AMOUNT_IN, AMOUNT_OUT)


def test_an_exact_output_costs_at_most_the_maximum(scene: Scene) -> None:
    assert scene.swap2(AMOUNT_OUT, MAX_U64, EXACT_OUT).error is None
    cost = scene.paid
    assert scene.received == AMOUNT_OUT
    assert cost <= AMOUNT_IN
    again = set_scene(scene.bank, PLAIN)
    assert again.swap2(AMOUNT_OUT, cost - 1, EXACT_OUT).error == 6002
    assert again.swap2(AMOUNT_OUT, cost, EXACT_OUT).error is None


def test_a_partial_fill_that_fits_equals_an_exact_input(scene: Scene) -> None:
    assert scene.swap2(AMOUNT_IN, 1, PARTIAL_FILL).error is None
    assert (scene.paid, scene.received) == (AMOUNT_IN, AMOUNT_OUT)


@pytest.mark.parametrize(
    "case_id",
    [i for i in BY_ID if BY_ID[i]["onchain"].get("error") == 6015 and BY_ID[i]["mode"] == "exact_in"],
)
def test_a_partial_fill_stops_at_the_end_of_the_price_range(bank: Bank, case_id: str) -> None:
    case = BY_ID[case_id]
    scene = set_scene(bank, case)
    limit = scene.pool_integer(424 if case["direction"] == "a_to_b" else 440, 16)
    assert scene.swap2(int(case["amount"]), 0, PARTIAL_FILL).error is None
    assert scene.pool_integer(456, 16) == limit
    assert 0 < scene.paid <= int(case["amount"])


def test_a_switched_off_pool_is_disabled(scene: Scene) -> None:
    scene.patch_pool(481, b"\1")
    outcome = scene.swap(AMOUNT_IN, 0)
    assert outcome.error == 6003
    assert "Error Code: PoolDisabled. Error Number: 6003. Error Message: Pool disabled." in anchor_line(
        outcome
    )


@pytest.mark.parametrize(("activation_type", "now"), [(0, 400_000_000), (1, 1_760_000_000)])
def test_a_pool_opens_at_its_activation_point(scene: Scene, activation_type: int, now: int) -> None:
    scene.patch_pool(472, struct.pack("<QB", now + 1, activation_type))
    assert scene.swap(AMOUNT_IN, 0).error == 6003
    scene.patch_pool(472, struct.pack("<QB", now, activation_type))
    assert scene.swap(AMOUNT_IN, 0).error is None


def test_nothing_in_is_refused(scene: Scene) -> None:
    assert scene.swap(0, 0).error == 6006


def test_a_user_with_too_few_tokens_gets_the_token_program_error(scene: Scene) -> None:
    mint = Pubkey.from_bytes(scene.bank.data(scene.source)[:32])
    scene.bank.set_token_account(scene.source, mint, scene.bank.user.pubkey(), AMOUNT_IN - 1)
    outcome = scene.swap(AMOUNT_IN, 0)
    assert outcome.error == 1
    assert "Program log: Error: insufficient funds" in outcome.logs


def test_the_pool_counts_fees_and_reserves(scene: Scene) -> None:
    """fee_per_liquidity grows by lp_fee * 2^128 / liquidity; reserves change by tokens moved, less fees."""
    liquidity = scene.pool_integer(360, 16)
    into = 0 if PLAIN["direction"] == "a_to_b" else 1
    mode = PLAIN["summary"]["collect_fee_mode"]
    side = 0 if mode == 0 and into == 1 else 1
    before = [scene.pool_integer(offset, 8) for offset in (680, 688)]
    per_liquidity, total_fees = (
        scene.pool_integer(488 + 32 * side, 32),
        scene.pool_integer(568 + 16 * side, 16),
    )
    assert scene.swap(AMOUNT_IN, 0).error is None
    lp_fee = scene.pool_integer(568 + 16 * side, 16) - total_fees
    protocol_fee = int(PLAIN["onchain"]["protocol_fee"])
    assert lp_fee > 0
    assert scene.pool_integer(488 + 32 * side, 32) - per_liquidity == (lp_fee << 128) // liquidity
    moved = [
        scene.pool_integer(offset, 8) - amount for offset, amount in zip((680, 688), before, strict=True)
    ]
    expected = [0, 0]
    expected[into], expected[1 - into] = AMOUNT_IN, -AMOUNT_OUT
    expected[side] -= lp_fee + protocol_fee
    assert moved == expected


@pytest.mark.parametrize(
    ("index", "error", "name"),
    [
        (0, 2012, "ConstraintAddress"),
        (1, 3007, "AccountOwnedByWrongProgram"),
        (4, 2001, "ConstraintHasOne"),
        (5, 2001, "ConstraintHasOne"),
        (6, 2014, "ConstraintTokenMint"),
        (7, 2014, "ConstraintTokenMint"),
        (9, 2021, "ConstraintTokenTokenProgram"),
        (11, 3006, "AccountNotMutable"),
        (12, 2006, "ConstraintSeeds"),
    ],
)
def test_a_foreign_account_is_refused(scene: Scene, index: int, error: int, name: str) -> None:
    scene.replace_account(index, Keypair().pubkey())
    outcome = scene.swap(AMOUNT_IN, 0)
    assert outcome.error == error
    assert f"Error Code: {name}. Error Number: {error}." in anchor_line(outcome)


def test_swapped_vaults_are_refused(scene: Scene) -> None:
    first, second = scene.metas[4].pubkey, scene.metas[5].pubkey
    scene.replace_account(4, second)
    scene.replace_account(5, first)
    assert scene.swap(AMOUNT_IN, 0).error == 2001


def test_unknown_instructions_and_short_ones_are_refused(scene: Scene) -> None:
    assert scene.bank.run(METEORA_DAMM_V2, scene.metas, bytes(24)).error == 101
    assert scene.bank.run(METEORA_DAMM_V2, scene.metas, SWAP2 + bytes(16)).error == 102
    missing = scene.bank.run(METEORA_DAMM_V2, scene.metas[:-1], SWAP + bytes(16))
    assert missing.error == 3005


@pytest.mark.parametrize(("offset", "mode", "error"), [(16, 5, 6047), (484, 3, 6007)])
def test_an_unknown_fee_mode_is_refused_by_name(scene: Scene, offset: int, mode: int, error: int) -> None:
    scene.patch_pool(offset, bytes([mode]))
    assert scene.swap(AMOUNT_IN, 0).error == error


def has_active_limiter(case: dict[str, Any]) -> bool:
    state = base64.b64decode(case["accounts"]["pool"]["data"])
    (activation,), (duration,) = struct.unpack_from("<Q", state, 472), struct.unpack_from("<I", state, 24)
    point = case["clock"]["ts" if state[480] else "slot"]
    is_purchase = case["direction"] == "b_to_a" and state[16] == RATE_LIMITER
    return is_purchase and duration > 0 and activation <= point <= activation + duration


ACTIVE_LIMITER = [
    c for c in CASES if has_active_limiter(c) and c["mode"] == "exact_in" and c["onchain"]["ok"]
]


@pytest.fixture
def limited(bank: Bank) -> Scene:
    return set_scene(bank, ACTIVE_LIMITER[0])


def test_recorded_cases_have_active_rate_limiters_in_both_modes() -> None:
    active = [case for case in CASES if has_active_limiter(case)]
    assert Counter(case["mode"] for case in active) == {"exact_in": 11, "exact_out": 2}


def test_an_active_rate_limiter_wants_the_instructions_sysvar(limited: Scene) -> None:
    sysvar = limited.metas.pop()
    outcome = limited.swap(1000, 0)
    assert outcome.error == 6049
    assert "Error Code: FailToValidateSingleSwapInstruction. Error Number: 6049." in anchor_line(outcome)
    limited.metas.append(AccountMeta(Keypair().pubkey(), False, False))
    assert "UnsupportedSysvar" in str(limited.swap(1000, 0).error)
    limited.metas[-1] = sysvar
    assert limited.swap(1000, 0).error is None


def test_an_active_rate_limiter_allows_one_swap_a_transaction(limited: Scene, scene: Scene) -> None:
    first, second = (SWAP + struct.pack("<QQ", amount, 0) for amount in (1000, 1001))
    assert limited.bank.run(METEORA_DAMM_V2, limited.metas, first, second).error == 6049
    assert limited.paid == 0
    assert scene.bank.run(METEORA_DAMM_V2, scene.metas, first, second).error is None
