"""The Raydium CPMM stand-in against recorded swaps of the real program and of its published source."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import replace

import pytest
from solders.keypair import Keypair

from dex.localnet.programs import RAYDIUM_CPMM
from tests.dex.localnet.cpmm_scene import (
    MAX_U64,
    SWAP_BASE_INPUT,
    SWAP_BASE_OUTPUT,
    USER_BALANCE,
    Scene,
    run_case,
    set_scene,
)
from tests.dex.localnet.test_programs import Bank, Outcome, load_cases

CASES = load_cases("cpmm")
BY_ID = {case["id"]: case for case in CASES}
# The recorded release rounds an input below half a unit down to nothing (spl-math checked_ceil_div).
HALF_UNIT_CASES = ["cpmm-376", "cpmm-417"]
ONCHAIN_CASES = [c["id"] for c in CASES if c["onchain"] is not None and c["id"] not in HALF_UNIT_CASES]
CREATOR_FEE_CASES = [c["id"] for c in CASES if c["onchain"] is None and c["official_rust"] is not None]
COMPUTE_UNIT_LIMIT = 44_000


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(RAYDIUM_CPMM)


@pytest.mark.parametrize("case_id", ONCHAIN_CASES)
def test_a_swap_does_what_the_real_program_did(bank: Bank, case_id: str) -> None:
    case = BY_ID[case_id]
    recorded = case["onchain"]
    scene = set_scene(bank, case)
    outcome = run_case(scene, case)
    assert outcome.error == (None if recorded["ok"] else recorded["error"]), outcome.logs
    assert outcome.compute_units < COMPUTE_UNIT_LIMIT
    if not recorded["ok"]:
        return
    assert bank.balance(scene.destination) == int(recorded["received"])
    assert USER_BALANCE - bank.balance(scene.source) == int(recorded["paid"])
    fees = struct.unpack_from("<4Q", bank.data(scene.pool), 341)
    assert fees == tuple(int(fee) for fee in recorded["fees_after"])


def transfer_fee(mint: bytes, epoch: int, amount: int) -> int:
    """What a Token-2022 transfer of ``amount`` withholds; the recorded mints have this extension only."""
    if len(mint) < 278:
        return 0
    newer = mint[170 + 90 : 170 + 108]
    current = newer if epoch >= int.from_bytes(newer[:8], "little") else mint[170 + 72 : 170 + 90]
    maximum, basis_points = struct.unpack("<QH", current[8:])
    return min(maximum, -(-amount * basis_points // 10_000))


@pytest.mark.parametrize("case_id", CREATOR_FEE_CASES)
def test_a_pool_with_a_creator_fee_follows_the_published_source(bank: Bank, case_id: str) -> None:
    case = BY_ID[case_id]
    source = {name: int(value) for name, value in case["official_rust"].items()}
    scene = set_scene(bank, case)
    mint_out = bank.data(scene.metas[11].pubkey)
    received = source["output_amount"] - transfer_fee(
        mint_out, case["clock"]["epoch"], source["output_amount"]
    )
    before = scene.fee_counters()
    outcome = run_case(scene, case)
    assert outcome.compute_units < COMPUTE_UNIT_LIMIT
    if received == 0:
        assert outcome.error == 2505
        return
    assert outcome.error is None, outcome.logs
    assert bank.balance(scene.destination) == received
    assert USER_BALANCE - bank.balance(scene.source) == int(case["amount"])
    into = 0 if case["direction"] == "0to1" else 1
    fee_on = case["inputs"]["creator_fee_on"]
    creator_side = into if fee_on in (0, 1 + into) else 1 - into
    expected = list(before)
    expected[into] += source["protocol_fee"]
    expected[2 + into] += source["fund_fee"]
    expected[4 + creator_side] += source["creator_fee"]
    assert scene.fee_counters() == expected


@pytest.mark.parametrize("case_id", HALF_UNIT_CASES)
def test_an_input_below_half_a_unit_is_rounded_up(bank: Bank, case_id: str) -> None:
    """The recorded release rounds it to nothing and fails with 2505; the published source asks for 2."""
    case = BY_ID[case_id]
    scene = set_scene(bank, case)
    assert case["onchain"]["error"] == 2505
    assert run_case(scene, case).error is None
    assert USER_BALANCE - bank.balance(scene.source) == int(case["official_rust"]["input_amount"]) == 2
    assert bank.balance(scene.destination) == 1


def test_every_recorded_case_is_run_but_three_that_have_no_answer() -> None:
    no_oracle = [c["id"] for c in CASES if c["onchain"] is None and c["official_rust"] is None]
    assert (len(ONCHAIN_CASES), len(CREATOR_FEE_CASES), len(HALF_UNIT_CASES), len(no_oracle)) == (
        266,
        131,
        2,
        3,
    )
    assert len(CASES) == 402
    modes = Counter(BY_ID[case_id]["mode"] for case_id in ONCHAIN_CASES)
    assert modes == {"exact_in": 227, "exact_out": 39}


@pytest.fixture
def scene(bank: Bank) -> Scene:
    """cpmm-0: plain SPL tokens, no creator fee; 1023528 in gives 461021 out."""
    return set_scene(bank, BY_ID["cpmm-0"])


AMOUNT_IN, AMOUNT_OUT = 1_023_528, 461_021


def anchor_line(outcome: Outcome) -> str:
    return next(line for line in outcome.logs if "AnchorError" in line)


def test_the_exact_minimum_is_accepted(scene: Scene) -> None:
    assert scene.swap(SWAP_BASE_INPUT, AMOUNT_IN, AMOUNT_OUT).error is None


def test_one_unit_below_the_minimum_is_slippage(scene: Scene) -> None:
    outcome = scene.swap(SWAP_BASE_INPUT, AMOUNT_IN, AMOUNT_OUT + 1)
    assert outcome.error == 6005
    assert anchor_line(outcome) == (
        "Program log: AnchorError occurred. Error Code: ExceededSlippage. "
        "Error Number: 6005. Error Message: Exceeds desired slippage limit."
    )
    assert scene.bank.balance(scene.source) == USER_BALANCE


def test_an_exact_output_costs_at_most_the_maximum(scene: Scene) -> None:
    assert scene.swap(SWAP_BASE_OUTPUT, AMOUNT_IN - 10, AMOUNT_OUT).error == 6005
    assert scene.swap(SWAP_BASE_OUTPUT, AMOUNT_IN, AMOUNT_OUT).error is None
    assert scene.bank.balance(scene.destination) == AMOUNT_OUT


def test_a_pool_with_swaps_switched_off_is_not_approved(scene: Scene) -> None:
    scene.patch_pool(329, b"\x04")
    outcome = scene.swap(SWAP_BASE_INPUT, AMOUNT_IN, 0)
    assert outcome.error == 6000
    assert "Error Code: NotApproved. Error Number: 6000. Error Message: Not approved." in anchor_line(outcome)


def test_a_pool_opens_at_its_open_time(scene: Scene) -> None:
    scene.patch_pool(373, struct.pack("<Q", 1_760_000_001))
    assert scene.swap(SWAP_BASE_INPUT, AMOUNT_IN, 0).error == 6000
    scene.patch_pool(373, struct.pack("<Q", 1_760_000_000))
    assert scene.swap(SWAP_BASE_INPUT, AMOUNT_IN, 0).error is None


def test_a_user_with_too_few_tokens_gets_the_token_program_error(scene: Scene) -> None:
    mint = scene.metas[10].pubkey
    scene.bank.set_token_account(scene.source, mint, scene.bank.user.pubkey(), AMOUNT_IN - 1)
    outcome = scene.swap(SWAP_BASE_INPUT, AMOUNT_IN, 0)
    assert outcome.error == 1
    assert "Program log: Error: insufficient funds" in outcome.logs


def test_an_output_of_nothing_is_refused(scene: Scene) -> None:
    outcome = scene.swap(SWAP_BASE_INPUT, 1, 0)
    assert outcome.error == 2505
    assert "Error Code: RequireGtViolated." in anchor_line(outcome)


def test_more_than_the_vault_holds_aborts(scene: Scene) -> None:
    assert "ProgramFailedToComplete" in str(scene.swap(SWAP_BASE_OUTPUT, MAX_U64, 2**60).error)


@pytest.mark.parametrize(
    ("index", "error", "name"),
    [
        (1, 2006, "ConstraintSeeds"),
        (2, 3012, "AccountNotInitialized"),
        (3, 3007, "AccountOwnedByWrongProgram"),
        (4, 3012, "AccountNotInitialized"),
        (5, 3012, "AccountNotInitialized"),
        (6, 3012, "AccountNotInitialized"),
        (7, 3012, "AccountNotInitialized"),
        (8, 3008, "InvalidProgramId"),
        (10, 3012, "AccountNotInitialized"),
        (11, 3012, "AccountNotInitialized"),
        (12, 3007, "AccountOwnedByWrongProgram"),
    ],
)
def test_an_account_that_does_not_exist_is_refused(scene: Scene, index: int, error: int, name: str) -> None:
    scene.replace_account(index, Keypair().pubkey())
    outcome = scene.swap(SWAP_BASE_INPUT, AMOUNT_IN, 0)
    assert outcome.error == error
    assert f"Error Code: {name}. Error Number: {error}." in anchor_line(outcome)


@pytest.mark.parametrize("index", [2, 3, 4, 5, 6, 7, 10, 11, 12])
def test_an_account_of_another_program_is_refused(scene: Scene, index: int) -> None:
    stranger = Keypair().pubkey()
    scene.bank.set(stranger, Keypair().pubkey(), bytes(5000))
    scene.replace_account(index, stranger)
    assert scene.swap(SWAP_BASE_INPUT, AMOUNT_IN, 0).error == 3007


@pytest.mark.parametrize(
    ("index", "same_kind_as", "error"),
    [(6, 4, 2003), (7, 5, 2003), (6, 7, 6008), (10, 11, 2012), (11, 10, 2012), (2, 3, 3002), (3, 2, 3002)],
)
def test_another_account_of_the_swap_in_its_place_is_refused(
    scene: Scene, index: int, same_kind_as: int, error: int
) -> None:
    metas = list(scene.metas)
    scene.replace_account(index, metas[same_kind_as].pubkey)
    if (index, same_kind_as) == (6, 7):
        scene.replace_account(10, metas[11].pubkey)
    assert scene.swap(SWAP_BASE_INPUT, AMOUNT_IN, 0).error == error


def test_another_config_and_another_observation_are_refused(scene: Scene) -> None:
    for index in (2, 12):
        original = scene.metas[index].pubkey
        copy = Keypair().pubkey()
        scene.bank.set(copy, RAYDIUM_CPMM, scene.bank.data(original))
        scene.replace_account(index, copy)
        assert scene.swap(SWAP_BASE_INPUT, AMOUNT_IN, 0).error == 2012
        scene.replace_account(index, original)


def test_unknown_instructions_and_missing_accounts_are_refused(scene: Scene) -> None:
    assert scene.swap(b"\0" * 8, AMOUNT_IN, 0).error == 101
    assert scene.bank.run(RAYDIUM_CPMM, scene.metas, SWAP_BASE_INPUT + b"\1").error == 102
    assert replace(scene, metas=scene.metas[:-1]).swap(SWAP_BASE_INPUT, AMOUNT_IN, 0).error == 3005


def test_a_swap_records_the_epoch_and_the_price_before_it(scene: Scene) -> None:
    observation = scene.metas[12].pubkey
    reserve_0, reserve_1 = 51_817_385_779, 23_457_520_986
    assert scene.swap(SWAP_BASE_INPUT, AMOUNT_IN, 0).error is None
    state = scene.bank.data(observation)
    assert (state[8], struct.unpack_from("<H", state, 9)[0]) == (1, 0)
    assert struct.unpack_from("<Q", state, 43)[0] == 1_760_000_000
    assert struct.unpack_from("<Q", scene.bank.data(scene.pool), 381)[0] == 900

    reserve_0 += AMOUNT_IN - (1393 - 114) - 1264
    reserve_1 -= AMOUNT_OUT
    scene.bank.set_clock(400_000_100, 900, 1_760_000_020)
    assert scene.swap(SWAP_BASE_INPUT, AMOUNT_IN, 0).error is None
    state = scene.bank.data(observation)
    assert struct.unpack_from("<H", state, 9)[0] == 1
    assert struct.unpack_from("<Q", state, 83)[0] == 1_760_000_020
    assert int.from_bytes(state[91:107], "little") == (reserve_1 << 32) // reserve_0 * 20
    assert int.from_bytes(state[107:123], "little") == (reserve_0 << 32) // reserve_1 * 20
