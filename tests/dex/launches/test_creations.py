"""Creations are read from instructions, inner instructions, events and logs of every recording."""

from __future__ import annotations

from dataclasses import replace

import pytest
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from dex.launches.creations import Creation, creation_of, creations_in
from dex.launches.events import AmmV4Created, Announced, amm_v4_created_in, announced_in
from dex.launches.executed import Executed, Inner, executed_in
from tests.dex.launches.recorded_creations import CASES, CREATED, VENUES, executed

CREATOR = Pubkey.from_string("ECbPvoRPTunYYuu6iCP8gK4GzGX4nc5rPsUpAKoT6vV4")
KEYS = tuple(Pubkey.from_bytes(bytes([number]) * 32) for number in range(1, 30))


def program(venue: str) -> Pubkey:
    return next(address for address, name in VENUES.items() if name == venue)


@pytest.mark.parametrize("name", CREATED)
def test_every_recorded_creation_is_read(name: str) -> None:
    case = CASES[name]
    [found] = creations_in(executed(name), VENUES)
    assert (str(found.program), found.instruction, str(found.pool), found.creator) == (
        case["program"],
        case["instruction"],
        case["pool"],
        CREATOR,
    )
    assert [str(mint) for mint in found.mints] == [mint["address"] for mint in case["mints"]]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("raydium-cpmm-create-0", 0),
        ("raydium-cpmm-create-3", 1760103613),
        ("raydium-amm-v4-create-3", 1760203623),
        ("raydium-clmm-create-3", 1760300633),
        ("meteora-damm-v2-create-0", None),
        ("meteora-damm-v2-create-2", 404000067),
        ("meteora-dlmm-create-0", None),
        ("meteora-dlmm-create-2", 1760503652),
        ("meteora-dlmm-create-3", 405009053),
        ("meteora-dlmm-create-5", 1760505455),
        ("orca-whirlpool-create-0", None),
        ("orca-whirlpool-create-3", None),
        ("orca-whirlpool-create-5", 1760603665),
    ],
)
def test_the_opening_that_was_asked_for_is_read(name: str, asked: int | None) -> None:
    assert [found.asked for found in creations_in(executed(name), VENUES)] == [asked]


@pytest.mark.parametrize("name", CREATED)
def test_a_creation_by_another_program_is_an_inner_instruction(name: str) -> None:
    [creation] = creations_in(executed(name), VENUES)
    made = next(each for each in executed(name) if creation_of(each, VENUES))
    message = MessageV0.try_compile(
        CREATOR, [Instruction(KEYS[0], b"launch", [AccountMeta(KEYS[1], False, False)])], [], Hash.default()
    )
    launchpad = VersionedTransaction.populate(message, [Keypair().sign_message(b"any")])
    outer, inner = executed_in(launchpad, [Inner(0, made)])
    assert outer == Executed(KEYS[0], (KEYS[1],), b"launch")
    assert list(creations_in([outer, inner], VENUES)) == [creation]


@pytest.mark.parametrize(
    ("venue", "discriminator", "expected"),
    [
        ("raydium-cpmm", "3f37fe4131b25979", ("initialize_with_permission", 4, (5, 6), 1)),
        ("raydium-clmm", "2b44d4a7592fa401", ("create_customizable_pool", 2, (3, 4), 0)),
        ("meteora-damm-v2", "955248c5fdfc440f", ("initialize_pool_with_dynamic_config", 7, (9, 10), 0)),
        ("meteora-dlmm", "2d9aedd2dd0fa65c", ("initialize_lb_pair", 0, (2, 3), 8)),
        ("meteora-dlmm", "6c66d555fb033515", ("initialize_permission_lb_pair", 1, (3, 4), 8)),
    ],
)
def test_creations_known_from_sources_are_read(
    venue: str, discriminator: str, expected: tuple[str, int, tuple[int, int], int]
) -> None:
    name, pool, (first, second), creator = expected
    data = bytes.fromhex(discriminator)
    assert creation_of(Executed(program(venue), KEYS, data), VENUES) == Creation(
        venue, program(venue), name, KEYS[pool], (KEYS[first], KEYS[second]), KEYS[creator]
    )


def test_the_program_tells_creations_of_one_discriminator_apart() -> None:
    # initialize_pool of DAMM v2 and of Whirlpools; CPMM's initialize is LaunchLab's too.
    shared = bytes.fromhex("5fb40aac54aee828")
    pools = {
        venue: creation_of(Executed(program(venue), KEYS, shared), VENUES)
        for venue in ("meteora-damm-v2", "orca-whirlpool", "raydium-cpmm")
    }
    assert {venue: found and found.pool for venue, found in pools.items()} == {
        "meteora-damm-v2": KEYS[6],
        "orca-whirlpool": KEYS[4],
        "raydium-cpmm": None,
    }
    launchlab = Pubkey.from_string("LanMV9sAd7wArD4vJFi2qDdfnVhFxYSUg6eADduJ3uj")
    assert creation_of(Executed(launchlab, KEYS, bytes.fromhex("afaf6d1f0d989bed")), VENUES) is None


def test_what_is_no_creation_is_none() -> None:
    amm = program("raydium-amm-v4")
    made = next(each for each in executed("raydium-amm-v4-create-0") if each.program == amm)
    assert creation_of(made, VENUES) is not None
    # One byte more or less, another tag, an account too few.
    for changed in (
        replace(made, data=made.data + b"\0"),
        replace(made, data=made.data[:-1]),
        replace(made, data=b"\x09" + made.data[1:]),
        replace(made, accounts=made.accounts[:17]),
    ):
        assert creation_of(changed, VENUES) is None


def test_an_instruction_with_an_unknown_account_is_left_out() -> None:
    table = [AccountMeta(KEYS[1], False, True)]
    message = MessageV0.try_compile(CREATOR, [Instruction(KEYS[0], b"", table)], [], Hash.default())
    short = MessageV0(message.header, message.account_keys[:2], Hash.default(), message.instructions, [])
    transaction = VersionedTransaction.populate(short, [Keypair().sign_message(b"any")])
    missing = [key for key in message.account_keys if key not in short.account_keys]
    assert list(executed_in(transaction, [])) == []
    assert list(executed_in(transaction, [], missing)) == [Executed(KEYS[0], (KEYS[1],), b"")]


@pytest.mark.parametrize("name", CREATED)
def test_events_announce_the_pool_that_was_created(name: str) -> None:
    case = CASES[name]
    [creation] = creations_in(executed(name), VENUES)
    announced = list(announced_in(executed(name), case["logs"], VENUES))
    if creation.venue in ("raydium-cpmm", "raydium-amm-v4") or name == "orca-whirlpool-create-0":
        assert announced == []
        return
    opening = announced[0].opening
    assert announced == [Announced(creation.venue, creation.pool, creation.mints, opening)]
    assert (opening is not None) == (creation.venue == "meteora-damm-v2")
    if opening is not None:
        assert {"kind": str(opening.unit), "value": opening.point} == case["opens_at"]


def test_amm_v4_logs_time_amounts_and_market() -> None:
    case = CASES["raydium-amm-v4-create-3"]
    market = next(entry["pubkey"] for entry in case["accounts"] if entry["name"] == "market")
    assert list(amm_v4_created_in(case["logs"], program("raydium-amm-v4"))) == [
        AmmV4Created(1760203623, 50_000_000_023, 2_000_000_000_000, Pubkey.from_string(market))
    ]
    assert list(amm_v4_created_in(case["logs"], program("raydium-cpmm"))) == []


def test_a_log_of_another_program_announces_nothing() -> None:
    logs = CASES["raydium-clmm-create-0"]["logs"]
    clmm = str(program("raydium-clmm"))
    forged = [line.replace(clmm, str(KEYS[0])) for line in logs]
    assert len(list(announced_in([], logs, VENUES))) == 1
    assert list(announced_in([], forged, VENUES)) == []
    # A call within the program returns before its event; the event is still the program's own.
    nested = [f"Program {clmm} invoke [1]", f"Program {KEYS[0]} invoke [2]", f"Program {KEYS[0]} success"]
    event = next(line for line in logs if line.startswith("Program data: "))
    assert len(list(announced_in([], [*nested, event], VENUES))) == 1
    assert list(announced_in([], [*nested[:2], event], VENUES)) == []
    assert list(announced_in([], [nested[0], event[:-1]], VENUES)) == []
