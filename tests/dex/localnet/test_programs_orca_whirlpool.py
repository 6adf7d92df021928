"""The Orca Whirlpool stand-in against recorded swaps of the real programs."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from solders.instruction import AccountMeta
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from dex.config import SYSTEM_PROGRAM
from dex.localnet.programs import ORCA_WHIRLPOOL_IMMUTABLE
from tests.dex.localnet.test_programs import Bank, Outcome
from tests.dex.localnet.whirlpool_scene import EMPTY_FIXED_ARRAY, USER_BALANCE, Scene, set_scene
from tests.dex.whirlpool_recordings import recorded_swaps

CASES: dict[str, Any] = {name: entry.case for name, entry in recorded_swaps().items()}
# The stand-in does not know the first swap instruction: its recordings of wrong accounts are left out.
REPLAYED = [
    name for name, case in CASES.items() if case["check"] == "quote" or case["instruction_name"] == "swap_v2"
]
PLAIN, ADAPTIVE = "whirlpool-0.0-1", "whirlpool-17.1-0"
AMOUNT_IN, AMOUNT_OUT = 229_266_688, 437_732_138
COMPUTE_UNIT_LIMIT = 300_000


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(ORCA_WHIRLPOOL_IMMUTABLE)


@pytest.fixture
def scene(bank: Bank) -> Scene:
    """whirlpool-0.0-1: 229,266,688 of a give 437,732,138 of b, on a pool without an oracle."""
    return set_scene(bank, CASES[PLAIN])


@pytest.fixture
def adaptive(bank: Bank) -> Scene:
    return set_scene(bank, CASES[ADAPTIVE])


def prepare_note(scene: Scene, case: Any) -> None:
    """What a recording of wrong accounts says in its note and not in its accounts."""
    if case["note"] == "user has too few tokens":
        mint = scene.metas[5 if case["direction"] == "a_to_b" else 6].pubkey
        scene.bank.set_token_account(scene.source, mint, scene.bank.user.pubkey(), int(case["amount"]) - 1)
    if case["note"] == "tick array of another pool":
        known = {entry["address"] for entry in case["accounts"]["tick_arrays"]}
        for meta in scene.metas[11:14]:
            if str(meta.pubkey) not in known:
                scene.bank.set(meta.pubkey, scene.program, EMPTY_FIXED_ARRAY)


@pytest.mark.parametrize("name", REPLAYED)
def test_a_swap_does_what_the_real_program_did(bank: Bank, name: str) -> None:
    case = CASES[name]
    recorded = case["onchain"]
    scene = set_scene(bank, case)
    prepare_note(scene, case)
    outcome = scene.run()
    assert outcome.error == (None if recorded["ok"] else recorded["error"]), outcome.logs
    assert outcome.compute_units < COMPUTE_UNIT_LIMIT
    if not recorded["ok"]:
        assert recorded["name"] is None or f"Error Code: {recorded['name']}. " in anchor_line(outcome)
        return
    assert bank.balance(scene.destination) == int(recorded["received"])
    assert USER_BALANCE - bank.balance(scene.source) == int(recorded["paid"])
    wanted = (recorded["liquidity_after"], recorded["sqrt_price_after"], recorded["tick_after"])
    assert scene.left() == tuple(map(int, wanted))
    if "oracle_after" in recorded:
        assert struct.unpack_from("<QQIiI", bank.data(scene.oracle), 82) == tuple(
            recorded["oracle_after"].values()
        )


def test_all_but_thirteen_recordings_are_replayed() -> None:
    assert (len(CASES), len(REPLAYED)) == (916, 903)


def anchor_line(outcome: Outcome) -> str:
    return next(line for line in outcome.logs if "AnchorError" in line)


def test_the_exact_minimum_is_accepted_and_one_unit_more_is_not(scene: Scene) -> None:
    scene.patch_data(16, struct.pack("<Q", AMOUNT_OUT + 1))
    outcome = scene.run()
    assert outcome.error == 6036
    assert anchor_line(outcome) == (
        "Program log: AnchorError occurred. Error Code: AmountOutBelowMinimum. "
        "Error Number: 6036. Error Message: Amount out below minimum threshold."
    )
    scene.patch_data(16, struct.pack("<Q", AMOUNT_OUT))
    assert scene.run().error is None
    assert USER_BALANCE - scene.bank.balance(scene.source) == AMOUNT_IN


@pytest.mark.parametrize(
    ("index", "error", "name"),
    [
        (0, 3008, "InvalidProgramId"),
        (2, 3008, "InvalidProgramId"),
        (4, 3012, "AccountNotInitialized"),
        (5, 3012, "AccountNotInitialized"),
        (8, 3012, "AccountNotInitialized"),
        (14, 2006, "ConstraintSeeds"),
    ],
)
def test_a_foreign_account_is_refused(scene: Scene, index: int, error: int, name: str) -> None:
    scene.replace_account(index, Keypair().pubkey())
    outcome = scene.run()
    assert outcome.error == error
    assert f"Error Code: {name}. Error Number: {error}." in anchor_line(outcome)


@pytest.mark.parametrize(("index", "error"), [(4, 2000), (7, 2000), (8, 2000), (11, 2000), (14, 2000)])
def test_an_account_that_is_not_writable_is_refused(scene: Scene, index: int, error: int) -> None:
    wanted = scene.metas[index].pubkey
    scene.metas = [
        AccountMeta(meta.pubkey, meta.is_signer, meta.is_writable and meta.pubkey != wanted)
        for meta in scene.metas
    ]
    assert scene.run().error == error


@pytest.mark.parametrize(
    ("index", "same_kind_as", "error"),
    [(4, 11, 3002), (5, 6, 2012), (7, 9, 2003), (8, 10, 2012), (8, 7, 2012), (11, 4, 3002)],
)
def test_another_account_of_the_swap_in_its_place_is_refused(
    scene: Scene, index: int, same_kind_as: int, error: int
) -> None:
    scene.replace_account(index, scene.metas[same_kind_as].pubkey)
    assert scene.run().error == error


def test_a_token_program_must_own_its_mint(scene: Scene) -> None:
    scene.replace_account(0, Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"))
    assert scene.run().error == 2012


def test_a_tick_array_of_another_program_is_refused(scene: Scene) -> None:
    stranger = Keypair().pubkey()
    scene.bank.set(stranger, Keypair().pubkey(), EMPTY_FIXED_ARRAY)
    scene.replace_account(12, stranger)
    assert scene.run().error == 3007


def test_an_empty_account_elsewhere_is_no_tick_array(scene: Scene) -> None:
    for index in (11, 12, 13):
        scene.replace_account(index, Keypair().pubkey())
    assert scene.run().error == 6023


def test_an_array_that_only_holds_lamports_has_no_ticks(scene: Scene) -> None:
    absent = next(
        meta.pubkey for meta in scene.metas[11:14] if scene.bank.svm.get_account(meta.pubkey) is None
    )
    scene.bank.set(absent, SYSTEM_PROGRAM, b"")
    assert scene.run().error is None
    assert scene.bank.balance(scene.destination) == AMOUNT_OUT


@pytest.mark.parametrize(
    ("offset", "value", "error"),
    [
        (0, bytes(8), 101),
        (8, bytes(8), 6035),
        (24, (4295048015).to_bytes(16, "little"), 6011),
        (24, (2**90).to_bytes(16, "little"), 6034),
        (40, b"\x02", 102),
        (42, b"\x02", 102),
    ],
)
def test_malformed_arguments_are_refused(scene: Scene, offset: int, value: bytes, error: int) -> None:
    scene.patch_data(offset, value)
    assert scene.run().error == error


@pytest.mark.parametrize(
    ("extra", "error"),
    [
        (b"\x01", 102),
        (b"\x01\x01\0\0\0\x06", 102),
        (b"\x01\x01\0\0\0\x02\0", 6048),
        (b"\x01\x01\0\0\0\x06\x01", 6049),
        (b"\x01\x02\0\0\0\x06\0\x06\0", 6053),
        (b"\x01\0\0\0\0", None),
    ],
)
def test_the_description_of_further_accounts_is_read(scene: Scene, extra: bytes, error: int | None) -> None:
    scene.data = scene.data[:42] + extra
    assert scene.run().error == error


def test_missing_accounts_and_data_are_refused(scene: Scene) -> None:
    data = scene.data
    scene.data = data[:41]
    assert scene.run().error == 102
    scene.data, scene.metas = data, scene.metas[:14]
    assert scene.run().error == 3005


def test_a_payer_must_sign(scene: Scene) -> None:
    scene.replace_account(3, Keypair().pubkey())
    scene.metas[3] = AccountMeta(scene.metas[3].pubkey, False, False)
    assert scene.run().error == 3010


def test_a_pool_opens_at_its_time(adaptive: Scene) -> None:
    now = CASES[ADAPTIVE]["clock"]["ts"]
    adaptive.patch(adaptive.oracle, 40, struct.pack("<Q", now + 1))
    assert adaptive.run().error == 6064
    adaptive.patch(adaptive.oracle, 40, struct.pack("<Q", now))
    assert adaptive.run().error is None


def test_rewards_grow_with_time_and_liquidity(scene: Scene) -> None:
    updated = struct.unpack_from("<Q", scene.bank.data(scene.pool), 261)[0]
    emissions = 7 << 64
    scene.patch(scene.pool, 269, bytes(Keypair().pubkey()))
    scene.patch(scene.pool, 269 + 96, emissions.to_bytes(16, "little") + bytes(16))
    liquidity, elapsed = scene.left()[0], CASES[PLAIN]["clock"]["ts"] - updated
    assert scene.run().error is None
    data = scene.bank.data(scene.pool)
    assert int.from_bytes(data[381:397], "little") == elapsed * emissions // liquidity
    assert struct.unpack_from("<Q", data, 261)[0] == updated + elapsed
