"""The Raydium CLMM stand-in against recorded swaps of the real program."""

from __future__ import annotations

import gzip
import json
import struct
from dataclasses import replace
from typing import Any

import pytest
from solders.instruction import AccountMeta
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from dex.localnet.programs import RAYDIUM_CLMM
from tests.dex.localnet.clmm_scene import SWAP_V2, USER_BALANCE, Scene, run_case, set_scene
from tests.dex.localnet.test_programs import DATA, Bank, Outcome

SWAPS: dict[str, dict[str, Any]] = {
    swap["id"]: {**{key: value for key, value in pool.items() if key != "swaps"}, **swap}
    for pool in json.loads(gzip.decompress((DATA / "clmm.json.gz").read_bytes()))["pools"]
    for swap in pool["swaps"]
}
# The dearest recorded swap took 159,157 units of the real program's.
COMPUTE_UNIT_LIMIT = 50_000


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(RAYDIUM_CLMM)


@pytest.mark.parametrize("name", SWAPS)
def test_a_swap_does_what_the_real_program_did(bank: Bank, name: str) -> None:
    case = SWAPS[name]
    recorded = case["onchain"]
    scene = set_scene(bank, case)
    outcome = run_case(scene, case)
    assert outcome.error == (None if recorded["ok"] else recorded["error"]), outcome.logs
    assert outcome.compute_units < COMPUTE_UNIT_LIMIT
    if not recorded["ok"]:
        return
    assert bank.balance(scene.destination) == int(recorded["received"])
    assert USER_BALANCE - bank.balance(scene.source) == int(recorded["paid"])
    expected = (recorded["sqrt_price_after"], recorded["liquidity_after"], recorded["tick_after"])
    assert scene.position() == tuple(map(int, expected))


def test_recorded_swaps_are_of_both_modes_and_some_failed() -> None:
    assert len(SWAPS) == 144
    assert sum(case["onchain"]["ok"] for case in SWAPS.values()) == 135
    assert {case["mode"] for case in SWAPS.values()} == {"exact_in", "exact_out"}


@pytest.fixture
def scene(bank: Bank) -> Scene:
    """clmm-6-3: plain tokens, 0 to 1; 1,766,130,676,635 in gives 40,370,855,184 out over two arrays."""
    return set_scene(bank, SWAPS["clmm-6-3"])


AMOUNT_IN, AMOUNT_OUT = 1_766_130_676_635, 40_370_855_184


def anchor_line(outcome: Outcome) -> str:
    return next(line for line in outcome.logs if "AnchorError" in line)


def test_the_exact_minimum_is_accepted_and_one_more_is_not(scene: Scene) -> None:
    refused = scene.swap(AMOUNT_IN, AMOUNT_OUT + 1)
    assert refused.error == 6022
    assert "Error Code: TooLittleOutputReceived. Error Number: 6022." in anchor_line(refused)
    assert scene.bank.balance(scene.source) == USER_BALANCE
    assert scene.swap(AMOUNT_IN, AMOUNT_OUT).error is None


def test_an_exact_output_costs_at_most_the_maximum(scene: Scene) -> None:
    assert scene.swap(AMOUNT_OUT, AMOUNT_IN - 1_000, exact_in=False).error == 6023
    assert scene.swap(AMOUNT_OUT, AMOUNT_IN, exact_in=False).error is None
    assert scene.bank.balance(scene.destination) == AMOUNT_OUT


def test_a_price_limit_fills_in_part(scene: Scene) -> None:
    price, liquidity, _ = scene.position()
    limit = price - price // 100_000

    assert scene.swap(AMOUNT_IN, 1, price_limit=limit).error is None
    assert scene.position()[:2] == (limit, liquidity)
    paid = USER_BALANCE - scene.bank.balance(scene.source)
    assert 0 < paid < AMOUNT_IN
    assert 0 < scene.bank.balance(scene.destination) < AMOUNT_OUT


def test_a_price_limit_on_the_wrong_side_is_refused(scene: Scene) -> None:
    price, _, _ = scene.position()

    for limit in (price, price + 1, 4_295_048_016):
        assert scene.swap(AMOUNT_IN, 1, price_limit=limit).error == 6013


def test_a_pool_with_swaps_switched_off_is_not_approved(scene: Scene) -> None:
    scene.patch_pool(389, b"\x10")
    outcome = scene.swap(AMOUNT_IN, 0)
    assert outcome.error == 6001
    assert "Error Code: NotApproved." in anchor_line(outcome)


def test_a_pool_opens_after_its_open_time(scene: Scene) -> None:
    scene.patch_pool(1080, struct.pack("<Q", 1_760_000_000))
    assert scene.swap(AMOUNT_IN, 0).error == 2505
    scene.patch_pool(1080, struct.pack("<Q", 1_759_999_999))
    assert scene.swap(AMOUNT_IN, 0).error is None


def test_a_user_with_too_few_tokens_gets_the_token_program_error(scene: Scene) -> None:
    mint = scene.metas[11].pubkey
    scene.bank.set_token_account(scene.source, mint, scene.bank.user.pubkey(), AMOUNT_IN - 1)
    outcome = scene.swap(AMOUNT_IN, 0)
    assert outcome.error == 1
    assert "Program log: Error: insufficient funds" in outcome.logs


def test_dust_and_nothing_are_refused_by_name(scene: Scene) -> None:
    assert scene.swap(0, 0).error == 6024
    assert scene.swap(1, 0).error == 6026


def test_an_array_too_few_and_a_wrong_first_array_are_refused(scene: Scene) -> None:
    fixed, arrays = scene.metas[:14], scene.metas[14:]
    assert replace(scene, metas=[*fixed, arrays[0]]).swap(AMOUNT_IN, 0).error == 6027
    assert replace(scene, metas=[*fixed, *arrays[1:]]).swap(AMOUNT_IN, 0).error == 6028
    assert "ProgramFailedToComplete" in str(replace(scene, metas=fixed).swap(AMOUNT_IN, 0).error)


def test_an_array_before_the_first_one_is_passed_over(scene: Scene) -> None:
    fixed, arrays = scene.metas[:14], scene.metas[14:]
    assert replace(scene, metas=[*fixed, arrays[2], *arrays]).swap(AMOUNT_IN, AMOUNT_OUT).error is None


def test_a_read_only_and_a_foreign_array_are_refused(scene: Scene) -> None:
    array = scene.metas[14].pubkey
    scene.metas[14] = AccountMeta(array, False, False)
    assert scene.swap(AMOUNT_IN, 0).error == 3006
    foreign = Keypair().pubkey()
    scene.bank.set(foreign, Pubkey.default(), scene.bank.data(array))
    scene.metas[14] = AccountMeta(foreign, False, True)
    assert scene.swap(AMOUNT_IN, 0).error == 3007
    scene.bank.set(foreign, RAYDIUM_CLMM, bytes(10_240))
    assert scene.swap(AMOUNT_IN, 0).error == 3002


def test_an_array_of_another_pool_is_refused(scene: Scene) -> None:
    data, other = scene.bank.data(scene.metas[14].pubkey), Keypair().pubkey()
    scene.bank.set(other, RAYDIUM_CLMM, data[:8] + bytes(other) + data[40:])
    scene.metas[14] = AccountMeta(other, False, True)
    assert scene.swap(AMOUNT_IN, 0).error == 2502


@pytest.mark.parametrize(
    ("index", "error", "name"),
    [
        (1, 3012, "AccountNotInitialized"),
        (2, 3007, "AccountOwnedByWrongProgram"),
        (4, 3012, "AccountNotInitialized"),
        (6, 3012, "AccountNotInitialized"),
        (7, 3007, "AccountOwnedByWrongProgram"),
        (8, 3008, "InvalidProgramId"),
        (9, 3008, "InvalidProgramId"),
        (10, 3008, "InvalidProgramId"),
        (11, 3012, "AccountNotInitialized"),
    ],
)
def test_an_account_that_does_not_exist_is_refused(scene: Scene, index: int, error: int, name: str) -> None:
    scene.replace_account(index, Keypair().pubkey())
    outcome = scene.swap(AMOUNT_IN, 0)
    assert outcome.error == error
    assert f"Error Code: {name}. Error Number: {error}." in anchor_line(outcome)


@pytest.mark.parametrize(
    ("index", "same_kind_as", "error"),
    [(1, 2, 3002), (2, 7, 3002), (5, 3, 6025), (6, 4, 6025), (11, 12, 2012), (12, 11, 2012), (3, 2, 3007)],
)
def test_another_account_of_the_swap_in_its_place_is_refused(
    scene: Scene, index: int, same_kind_as: int, error: int
) -> None:
    scene.replace_account(index, scene.metas[same_kind_as].pubkey)
    assert scene.swap(AMOUNT_IN, 0).error == error


def test_another_config_and_another_observation_are_refused(scene: Scene) -> None:
    for index in (1, 7):
        original = scene.metas[index].pubkey
        copy = Keypair().pubkey()
        scene.bank.set(copy, RAYDIUM_CLMM, scene.bank.data(original))
        scene.replace_account(index, copy)
        assert scene.swap(AMOUNT_IN, 0).error == 2012
        scene.replace_account(index, original)


def test_unknown_instructions_and_missing_accounts_are_refused(scene: Scene) -> None:
    assert scene.bank.run(RAYDIUM_CLMM, scene.metas, bytes(41)).error == 101
    assert scene.bank.run(RAYDIUM_CLMM, scene.metas, SWAP_V2 + bytes(32)).error == 102
    assert scene.bank.run(RAYDIUM_CLMM, scene.metas, SWAP_V2 + bytes(32) + b"\2").error == 102
    assert replace(scene, metas=scene.metas[:12]).swap(AMOUNT_IN, 0).error == 3005


def test_a_swap_records_the_tick_once_in_fifteen_seconds(scene: Scene) -> None:
    observation = scene.metas[7].pubkey
    assert scene.swap(1_000_000, 0).error is None
    state = scene.bank.data(observation)
    assert (state[8], struct.unpack_from("<H", state, 17)[0]) == (1, 0)
    assert struct.unpack_from("<Iq", state, 51) == (1_760_000_000, 0)

    scene.bank.set_clock(400_000_030, 900, 1_760_000_014)
    assert scene.swap(1_000_000, 0).error is None
    assert scene.bank.data(observation) == state
    scene.bank.set_clock(400_000_040, 900, 1_760_000_015)
    assert scene.swap(1_000_000, 0).error is None
    state = scene.bank.data(observation)
    assert struct.unpack_from("<H", state, 17)[0] == 1
    assert struct.unpack_from("<Iq", state, 51 + 44) == (1_760_000_015, 15 * scene.position()[2])


def test_a_pool_that_gives_its_last_unit_is_frozen(scene: Scene) -> None:
    vault, mint = scene.metas[6].pubkey, scene.metas[12].pubkey
    scene.bank.set_token_account(vault, mint, scene.pool, AMOUNT_OUT)
    assert scene.swap(AMOUNT_IN, AMOUNT_OUT).error is None
    assert scene.bank.data(scene.pool)[389] == 255
    assert scene.swap(1_000_000, 0).error == 6001
