"""The Meteora DLMM stand-in against recorded swaps and instructions of the real program."""

from __future__ import annotations

import base64
import struct

import pytest
from solders.instruction import AccountMeta
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from dex.config import TOKEN_PROGRAM
from dex.errors import UnsupportedPool
from dex.localnet.programs import METEORA_DLMM
from tests.dex.localnet.dlmm_scene import (
    MAX_U64,
    NO_HOOKS,
    ORACLE,
    SWAP2,
    Scene,
    recorded_metas,
    run_case,
    set_executed,
    set_scene,
)
from tests.dex.localnet.test_programs import Bank, Outcome, load_cases
from tests.dex.recorded_dlmm import instructions
from tests.dex.recorded_swaps import DLMM, recorded

BY_ID = {case["id"]: case for case in load_cases("dlmm")}
NOT_SUPPORTED = 6082
# The real program took up to 725,607.
COMPUTE_UNIT_LIMIT = 300_000


def fills_limit_orders(case_id: str) -> bool:
    """Whether the swap takes what limit orders have, which the stand-in refuses."""
    entry = recorded(DLMM)[case_id]
    if not entry.case["params"]["limit_orders"]:
        return False
    if not entry.case["onchain"]["ok"]:
        return True
    try:
        entry.pool.after(entry.snapshot, entry.pool.quote(entry.snapshot, entry.request))
    except UnsupportedPool:
        return True
    return False


ORDERS = sorted(filter(fills_limit_orders, BY_ID))
SERVED = sorted(set(BY_ID) - set(ORDERS))


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(METEORA_DLMM)


@pytest.mark.parametrize("case_id", SERVED)
def test_a_swap_does_what_the_real_program_did(bank: Bank, case_id: str) -> None:
    case, chain = BY_ID[case_id], BY_ID[case_id]["onchain"]
    scene = set_scene(bank, case)
    owed = scene.protocol_fees()
    outcome = run_case(scene, case)

    assert outcome.error == (None if chain["ok"] else chain["error"]), outcome.logs
    assert outcome.compute_units < COMPUTE_UNIT_LIMIT
    if not chain["ok"]:
        return
    fees = [str(after - before) for before, after in zip(owed, scene.protocol_fees(), strict=True)]
    assert (scene.paid, scene.received, fees) == (
        int(chain["paid"]),
        int(chain["received"]),
        chain["protocol_fee_delta"],
    )
    state = scene.pool_integer(76, 4, signed=True), scene.pool_integer(40, 4)
    assert state == (chain["active_id_after"], chain["vol_acc_after"])


@pytest.mark.parametrize("case_id", ORDERS)
def test_a_swap_that_would_fill_limit_orders_is_refused(bank: Bank, case_id: str) -> None:
    assert run_case(set_scene(bank, BY_ID[case_id]), BY_ID[case_id]).error == NOT_SUPPORTED


def test_every_recorded_case_is_run() -> None:
    assert (len(SERVED), len(ORDERS)) == (77, 5)


def anchor_line(outcome: Outcome) -> str:
    return next(line for line in outcome.logs if "AnchorError" in line)


PLAIN = next(
    case
    for case in BY_ID.values()
    if case["onchain"]["ok"]
    and case["mode"] == "exact_in"
    and not any(case["params"]["token_2022"])
    and int(case["onchain"]["received"]) > 10**6
    and not case["params"]["limit_orders"]
)
AMOUNT_IN, AMOUNT_OUT = int(PLAIN["amount"]), int(PLAIN["onchain"]["received"])


@pytest.fixture
def scene(bank: Bank) -> Scene:
    return set_scene(bank, PLAIN)


def test_one_unit_below_the_minimum_is_slippage(scene: Scene) -> None:
    outcome = scene.swap2(AMOUNT_IN, AMOUNT_OUT + 1)

    assert outcome.error == 6003
    assert "Error Code: ExceededAmountSlippageTolerance. Error Number: 6003." in anchor_line(outcome)
    assert scene.paid == 0
    assert scene.swap2(AMOUNT_IN, AMOUNT_OUT).error is None


def test_an_exact_output_costs_at_most_the_maximum(scene: Scene) -> None:
    assert scene.swap_exact_out2(MAX_U64, AMOUNT_OUT).error is None
    cost = scene.paid
    assert scene.received == AMOUNT_OUT
    assert cost <= AMOUNT_IN
    again = set_scene(scene.bank, PLAIN)
    refused = again.swap_exact_out2(cost - 1, AMOUNT_OUT)
    assert refused.error == 6104
    assert "Error Code: InsufficientInAmount." in anchor_line(refused)
    assert again.swap_exact_out2(cost, AMOUNT_OUT).error is None


def test_nothing_in_and_nothing_out_are_refused(scene: Scene) -> None:
    assert scene.swap2(0, 0).error == 6002
    assert scene.swap_exact_out2(MAX_U64, 0).error == 6002


def test_a_switched_off_pair_is_disabled(scene: Scene) -> None:
    scene.patch_pool(82, b"\1")
    assert scene.swap2(AMOUNT_IN, 0).error == 6042


@pytest.mark.parametrize(("activation_type", "now"), [(0, 400_000_000), (1, 1_760_000_000)])
def test_a_customizable_pair_opens_at_its_point(scene: Scene, activation_type: int, now: int) -> None:
    scene.patch_pool(75, b"\2")
    scene.patch_pool(86, bytes([activation_type]))
    scene.patch_pool(816, struct.pack("<Q", now + 1))
    assert scene.swap2(AMOUNT_IN, 0).error == 6042
    scene.patch_pool(75, b"\0")
    assert scene.swap2(AMOUNT_IN, 0).error is None


def test_a_pair_ends_at_its_last_bin(scene: Scene) -> None:
    (active,) = struct.unpack_from("<i", base64.b64decode(PLAIN["accounts"]["lb_pair"]["data"]), 76)
    scene.patch_pool(24, struct.pack("<ii", active, active))
    assert scene.swap2(2**60, 0).error == 6012


def test_a_bin_without_a_stored_price_is_priced_by_its_id(bank: Bank) -> None:
    entry = instructions()["meteora-dlmm-ix-6"]
    set_executed(bank, entry.case)
    for recorded_array in entry.case["accounts"]["bin_arrays"]:
        data = bytearray(base64.b64decode(recorded_array["data"]))
        for position in range(70):
            data[72 + 144 * position : 88 + 144 * position] = bytes(16)
        bank.set(Pubkey.from_string(recorded_array["address"]), METEORA_DLMM, bytes(data))
    before = bank.balance(entry.swap.account_out)
    outcome = bank.run(METEORA_DLMM, recorded_metas(bank, entry.case), bytes(entry.instruction.data))

    assert outcome.error is None
    assert bank.balance(entry.swap.account_out) - before == 54_332_772_517


def test_a_user_with_too_few_tokens_gets_the_token_program_error(scene: Scene) -> None:
    mint = Pubkey.from_bytes(scene.bank.data(scene.source)[:32])
    scene.bank.set_token_account(scene.source, mint, scene.bank.user.pubkey(), AMOUNT_IN - 1)
    outcome = scene.swap2(AMOUNT_IN, 0)
    assert outcome.error == 1
    assert "Program log: Error: insufficient funds" in outcome.logs


@pytest.mark.parametrize(
    ("index", "error", "name"),
    [
        (0, 3007, "AccountOwnedByWrongProgram"),
        (1, 3007, "AccountOwnedByWrongProgram"),
        (2, 2001, "ConstraintHasOne"),
        (3, 2001, "ConstraintHasOne"),
        (4, 3012, "AccountNotInitialized"),
        (6, 2001, "ConstraintHasOne"),
        (7, 2001, "ConstraintHasOne"),
        (8, 3007, "AccountOwnedByWrongProgram"),
        (9, 6082, "NotSupportAtTheMoment"),
        (11, 3008, "InvalidProgramId"),
        (13, 3008, "InvalidProgramId"),
        (14, 2006, "ConstraintSeeds"),
        (15, 3008, "InvalidProgramId"),
        (16, 3005, "AccountNotEnoughKeys"),
    ],
)
def test_a_foreign_account_is_refused(scene: Scene, index: int, error: int, name: str) -> None:
    scene.replace_account(index, Keypair().pubkey())
    outcome = scene.swap2(AMOUNT_IN, 0)

    assert outcome.error == error
    assert f"Error Code: {name}. Error Number: {error}." in anchor_line(outcome)


def test_swapped_reserves_are_refused(scene: Scene) -> None:
    first, second = scene.metas[2].pubkey, scene.metas[3].pubkey
    scene.replace_account(2, second)
    scene.replace_account(3, first)
    assert scene.swap2(AMOUNT_IN, 0).error == 2001


def test_a_bin_array_of_another_pair_is_not_taken(scene: Scene) -> None:
    address = scene.metas[16].pubkey
    data = bytearray(scene.bank.data(address))
    data[24:56] = bytes(Keypair().pubkey())
    scene.bank.set(address, METEORA_DLMM, bytes(data))
    assert scene.swap2(AMOUNT_IN, 0).error == 3005


@pytest.mark.parametrize("index", [0, 2, 4, 5, 8, 16])
def test_an_account_that_is_not_writable_is_refused(scene: Scene, index: int) -> None:
    meta = scene.metas[index]
    scene.metas[index] = AccountMeta(meta.pubkey, meta.is_signer, False)
    assert scene.swap2(AMOUNT_IN, 0).error == 3006


def test_unknown_instructions_and_short_ones_are_refused(scene: Scene) -> None:
    bank, metas = scene.bank, scene.metas
    hooks = struct.pack("<I", 1)

    assert bank.run(METEORA_DLMM, metas, bytes(28)).error == 101
    assert bank.run(METEORA_DLMM, metas, SWAP2 + bytes(16)).error == 102
    assert bank.run(METEORA_DLMM, metas, SWAP2 + struct.pack("<QQ", AMOUNT_IN, 0) + hooks).error == 6082
    assert bank.run(METEORA_DLMM, metas[:15], SWAP2 + bytes(16) + NO_HOOKS).error == 3005


def test_the_next_swap_starts_from_the_state_that_is_left(bank: Bank) -> None:
    entry = instructions()["meteora-dlmm-ix-12"]
    set_executed(bank, entry.case)
    metas = recorded_metas(bank, entry.case)
    data = SWAP2 + struct.pack("<QQ", entry.request.amount, 1) + NO_HOOKS
    received, expected, snapshot = [], [], entry.snapshot
    for _ in range(3):
        before = bank.balance(entry.swap.account_out)
        user_in = bank.data(entry.swap.account_in)
        assert bank.run(METEORA_DLMM, metas, data).error is None
        bank.set(entry.swap.account_in, TOKEN_PROGRAM, user_in)
        received.append(bank.balance(entry.swap.account_out) - before)
        quote = entry.pool.quote(snapshot, entry.request)
        expected.append(quote.amount_out)
        snapshot = entry.pool.after(snapshot, quote)

    assert received == expected
    assert received == sorted(set(received), reverse=True)


def test_an_observation_is_begun_every_two_minutes(scene: Scene) -> None:
    oracle, bank, now = scene.metas[8].pubkey, scene.bank, PLAIN["clock"]["ts"]
    assert scene.swap2(AMOUNT_IN // 100, 0).error is None
    active = scene.pool_integer(76, 4, signed=True)
    bank.set(oracle, METEORA_DLMM, ORACLE[:24] + struct.pack("<Q", 2) + bytes(64))
    seen = []
    for later in (0, 10, 119, 130, 270):
        bank.set_clock(PLAIN["clock"]["slot"], PLAIN["clock"]["epoch"], now + later)
        assert scene.swap2(AMOUNT_IN // 10_000, 0).error is None
        assert scene.pool_integer(76, 4, signed=True) == active
        data = bank.data(oracle)
        ring = [
            (
                int.from_bytes(data[at : at + 16], "little", signed=True),
                *struct.unpack_from("<qq", data, at + 16),
            )
            for at in (32, 64)
        ]
        seen.append((struct.unpack_from("<QQ", data, 8), ring))

    assert seen[0] == ((0, 1), [(active, now, now), (0, 0, 0)])
    assert seen[1] == ((0, 1), [(active * 11, now, now + 10), (0, 0, 0)])
    assert seen[2] == ((0, 1), [(active * 120, now, now + 119), (0, 0, 0)])
    assert seen[3] == ((1, 2), [(active * 120, now, now + 119), (active * 131, now + 130, now + 130)])
    assert seen[4] == ((0, 2), [(active * 271, now + 270, now + 270), seen[3][1][1]])
