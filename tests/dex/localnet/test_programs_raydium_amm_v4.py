"""The Raydium AMM v4 stand-in against recorded swaps of the real program."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from solders.keypair import Keypair

from dex.localnet.programs import RAYDIUM_AMM_V4
from tests.dex.localnet.amm_v4_scene import (
    MAX_U64,
    SWAP_BASE_IN,
    SWAP_BASE_IN_V2,
    SWAP_BASE_OUT,
    SWAP_BASE_OUT_V2,
    USER_BALANCE,
    Scene,
    run_case,
    set_scene,
)
from tests.dex.localnet.test_programs import Bank, load_cases

CASES = load_cases("ammv4")
BY_ID = {case["id"]: case for case in CASES}
COMPUTE_UNIT_LIMIT = 23_000
AMOUNT_IN, AMOUNT_OUT = 29_363, 3_266


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(RAYDIUM_AMM_V4)


@pytest.fixture
def scene(bank: Bank) -> Scene:
    """ammv4-0: coin for pc at 25 bps, 29,363 in gives 3,266 out; status 7, open."""
    return set_scene(bank, BY_ID["ammv4-0"])


@pytest.mark.parametrize("case_id", BY_ID)
def test_a_swap_does_what_the_real_program_did(bank: Bank, case_id: str) -> None:
    case = BY_ID[case_id]
    recorded = case["onchain"]
    scene = set_scene(bank, case)
    outcome = run_case(scene, case)
    assert outcome.error == (None if recorded["ok"] else recorded["error"]), outcome.logs
    assert outcome.compute_units < COMPUTE_UNIT_LIMIT
    if recorded["ok"]:
        assert bank.balance(scene.destination) == int(recorded["received"])
        assert USER_BALANCE - bank.balance(scene.source) == int(recorded["paid"])
    else:
        assert recorded["log"][0] in outcome.logs


@pytest.mark.parametrize("tag", [SWAP_BASE_IN, SWAP_BASE_IN_V2])
def test_the_exact_minimum_is_accepted_and_one_unit_more_is_not(scene: Scene, tag: int) -> None:
    refused = scene.swap(tag, AMOUNT_IN, AMOUNT_OUT + 1)

    assert refused.error == 30
    assert "Program log: Error: exceeds desired slippage limit" in refused.logs
    assert scene.swap(tag, AMOUNT_IN, AMOUNT_OUT).error is None
    assert scene.bank.balance(scene.destination) == AMOUNT_OUT


@pytest.mark.parametrize("tag", [SWAP_BASE_OUT, SWAP_BASE_OUT_V2])
def test_an_exact_output_costs_at_most_the_maximum(scene: Scene, tag: int) -> None:
    # 3,266 of 14,403 units of pc cost 29,282 units of coin, rounded up, and with the fee 29,356.
    assert scene.swap(tag, 29_355, AMOUNT_OUT).error == 30
    assert scene.swap(tag, 29_356, AMOUNT_OUT).error is None
    assert USER_BALANCE - scene.bank.balance(scene.source) == 29_356


def test_a_waiting_pool_opens_at_its_open_time_and_then_swaps(scene: Scene) -> None:
    scene.patch_pool(224, struct.pack("<Q", 1_760_000_001))
    assert scene.swap(SWAP_BASE_IN, AMOUNT_IN, 0).error == 22
    scene.patch_pool(224, struct.pack("<Q", 1_760_000_000))
    assert scene.swap(SWAP_BASE_IN, AMOUNT_IN, 0).error is None
    assert scene.bank.data(scene.pool)[:8] == struct.pack("<Q", 6)


@pytest.mark.parametrize("status", [0, 1, 2, 3, 4, 5])
def test_a_pool_that_does_not_swap_by_itself_is_refused(scene: Scene, status: int) -> None:
    scene.patch_pool(0, struct.pack("<Q", status))
    outcome = scene.swap(SWAP_BASE_IN, AMOUNT_IN, 0)

    assert outcome.error == 22
    assert "Program log: Error: InvalidStatus" in outcome.logs


def test_a_user_with_too_few_tokens_is_refused_by_the_program(scene: Scene) -> None:
    mint = scene.bank.data(scene.source)[:32]
    assert len(mint) == 32
    data = bytearray(scene.bank.data(scene.source))
    data[64:72] = struct.pack("<Q", AMOUNT_IN - 1)
    scene.bank.set(scene.source, scene.bank.owner_of(scene.source), bytes(data))

    assert scene.swap(SWAP_BASE_IN, AMOUNT_IN, 0).error == 40
    assert scene.swap(SWAP_BASE_OUT, MAX_U64, AMOUNT_OUT + 1).error == 40


def test_more_than_the_vault_holds_aborts(scene: Scene) -> None:
    assert "ProgramFailedToComplete" in str(scene.swap(SWAP_BASE_OUT, MAX_U64, 14_403).error)
    assert "ProgramFailedToComplete" in str(scene.swap(SWAP_BASE_OUT, MAX_U64, 2**60).error)


@pytest.mark.parametrize(
    ("index", "error"),
    [(0, 38), (1, 27), (2, 1), (4, 4), (5, 5), (14, 38), (15, 38)],
)
def test_a_foreign_account_is_refused(scene: Scene, index: int, error: int) -> None:
    scene.replace_account(index, Keypair().pubkey())

    assert scene.swap(SWAP_BASE_IN, AMOUNT_IN, 0).error == error


@pytest.mark.parametrize(("index", "other"), [(14, 15), (15, 14), (14, 4), (15, 5)])
def test_accounts_of_the_wrong_mint_or_of_the_pool_are_refused(scene: Scene, index: int, other: int) -> None:
    scene.replace_account(index, scene.metas[other].pubkey)

    assert scene.swap(SWAP_BASE_IN, AMOUNT_IN, 0).error == 42


def test_the_accounts_of_the_market_are_not_read(scene: Scene) -> None:
    for index in (3, *range(6, 14)):
        scene.replace_account(index, Keypair().pubkey())

    assert scene.swap(SWAP_BASE_IN, AMOUNT_IN, AMOUNT_OUT).error is None


def test_target_orders_may_stand_before_the_vaults(scene: Scene) -> None:
    metas = scene.metas
    longer = replace(scene, metas=[*metas[:4], metas[3], *metas[4:]])

    assert longer.swap(SWAP_BASE_IN, AMOUNT_IN, AMOUNT_OUT).error is None


@pytest.mark.parametrize("count", [0, 1, 16, 19])
def test_a_wrong_number_of_accounts_is_refused(scene: Scene, count: int) -> None:
    metas = (scene.metas * 2)[:count]

    assert replace(scene, metas=metas).swap(SWAP_BASE_IN, AMOUNT_IN, 0).error == 24


@pytest.mark.parametrize("data", [b"", b"\x00" * 17, b"\x0a" * 17, b"\x09" * 16])
def test_other_instructions_are_invalid(scene: Scene, data: bytes) -> None:
    outcome = scene.bank.run(RAYDIUM_AMM_V4, scene.metas, data)

    assert "InvalidInstructionData" in str(outcome.error)
    assert "Program log: Error: InvalidInstructionData" in outcome.logs


def test_nothing_in_is_invalid_input(scene: Scene) -> None:
    assert scene.swap(SWAP_BASE_IN, 0, 0).error == 29
    assert scene.swap(SWAP_BASE_OUT, MAX_U64, 0).error == 29
