"""Orca Whirlpool in states that nobody recorded: the adapter and the stand-in agree on each.

Two programs written apart, in two languages: price, tick, liquidity, rates and the oracle's numbers are drawn
at random around the recorded pools, at the edges of tick arrays and tick groups too.
"""

from __future__ import annotations

import random
import struct
from typing import Any, NamedTuple

import pytest

from dex.errors import AmountTooLarge, AmountTooSmall, DexError
from dex.localnet.programs import ORCA_WHIRLPOOL
from dex.types import AccountData, Clock, FailureKind, QuoteRequest, Snapshot, Swap, SwapMode
from dex.venues.orca_whirlpool.pool import WhirlpoolPool
from dex.venues.orca_whirlpool.tick_price import MAX_TICK, MIN_TICK, sqrt_price_at
from tests.dex.localnet.test_programs import Bank, Outcome
from tests.dex.localnet.whirlpool_scene import Scene, set_scene
from tests.dex.whirlpool_recordings import RecordedSwap, recorded_swaps

BASES = [
    entry for entry in recorded_swaps().values() if entry.case["note"].startswith(("random", "adaptive"))
]
STATES_OF_A_SEED = 150
PLENTY = 2**62
ARRAY_TICKS = 88


class Drawn(NamedTuple):
    """A pool on the bank in a drawn state, what the adapter reads of it, and a drawn request."""

    entry: RecordedSwap
    scene: Scene
    snapshot: Snapshot
    request: QuoteRequest


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Bank(ORCA_WHIRLPOOL)


def draw(bank: Bank, rng: random.Random) -> Drawn:
    entry = rng.choice(BASES)
    scene = set_scene(bank, dict(entry.case))
    clock = entry.snapshot.clock
    now = Clock(clock.slot, clock.unix_timestamp + rng.choice([0, 29, 30, 600, 3600, 3601]), clock.epoch)
    bank.set_clock(now.slot, now.epoch, now.unix_timestamp)
    move_price(scene, entry.case["tick_spacing"], rng)
    if rng.random() < 0.3:
        scene.patch(scene.pool, 49, rng.choice([0, 1, rng.getrandbits(80)]).to_bytes(16, "little"))
    if rng.random() < 0.3:
        scene.patch(scene.pool, 45, struct.pack("<HH", rng.choice([0, 100, 60_000]), rng.choice([0, 2_500])))
    if entry.case["accounts"]["oracle"] and rng.random() < 0.7:
        move_oracle(scene, now.unix_timestamp, rng)
    request = draw_request(entry, rng)
    keys = dict.fromkeys(entry.pool.accounts)
    snapshot = Snapshot(now, {key: read(bank, key) for key in keys})
    arrays = {key: read(bank, key) for key in entry.pool.further_accounts(snapshot, request)}
    return Drawn(entry, scene, Snapshot(now, {**snapshot.accounts, **arrays}), request)


def read(bank: Bank, key: Any) -> AccountData | None:
    account = bank.svm.get_account(key)
    if account is None or account.lamports == 0:
        return None
    return AccountData(account.owner, account.lamports, bytes(account.data))


def move_price(scene: Scene, spacing: int, rng: random.Random) -> None:
    if rng.random() < 0.5:
        return
    width = ARRAY_TICKS * spacing
    tick = scene.left()[2]
    tick = rng.choice([tick + rng.randint(-width, width), tick // width * width, MIN_TICK])
    tick = min(max(tick, MIN_TICK), MAX_TICK - 1)
    low, high = sqrt_price_at(tick), sqrt_price_at(tick + 1)
    price = rng.choice([low, high - 1, rng.randrange(low, high)])
    if price == low and rng.random() < 0.3:
        # As a swap downwards leaves it that has come to a tick exactly.
        tick -= 1
    scene.patch(scene.pool, 65, price.to_bytes(16, "little") + struct.pack("<i", tick))


def move_oracle(scene: Scene, now: int, rng: random.Random) -> None:
    (group_size,) = struct.unpack_from("<H", scene.bank.data(scene.oracle), 62)
    highest = rng.choice([10_000, 55_555, 350_000])
    reference = rng.randint(0, highest)
    group = scene.left()[2] // group_size + rng.randint(-40, 40)
    scene.patch(scene.oracle, 54, struct.pack("<II", rng.choice([0, 1, 4_000, 99_999]), highest))
    scene.patch(scene.oracle, 82, struct.pack("<QQ", now - rng.choice([0, 5, 40, 700, 4_000]), now - 40))
    scene.patch(scene.oracle, 98, struct.pack("<IiI", reference, group, rng.randint(reference, highest)))


def draw_request(entry: RecordedSwap, rng: random.Random) -> QuoteRequest:
    mints = rng.choice([entry.pool.mints, entry.pool.mints[::-1]])
    near = max(1, int(entry.case["amount"]) * rng.randint(1, 2_000) // 1_000)
    amount = rng.choice([near, rng.getrandbits(rng.randint(1, 45)) or 1])
    return QuoteRequest(*mints, amount, rng.choice(list(SwapMode)))


def execute(drawn: Drawn) -> tuple[Outcome, int, int]:
    """The adapter's own instruction without a limit: what came of it, paid and received."""
    entry, scene, snapshot, request = drawn
    bank, pool = scene.bank, entry.pool
    same_way = request.token_in == entry.request.token_in
    source, target = (scene.source, scene.destination)[:: 1 if same_way else -1]
    bank.set_token_account(source, request.token_in, bank.user.pubkey(), PLENTY)
    bank.set_token_account(target, request.token_out, bank.user.pubkey(), 0)
    for vault, mint in zip(pool.vaults, pool.mints, strict=True):
        bank.set_token_account(vault, mint, pool.address, PLENTY)
    exact_in = request.mode is SwapMode.EXACT_IN
    amounts = (request.amount, 1) if exact_in else (2**64 - 1, request.amount)
    swap = Swap(
        bank.user.pubkey(), request.token_in, request.token_out, source, target, *amounts, request.mode
    )
    (made,) = pool.swap_instructions(snapshot, swap)
    outcome = bank.run(made.program_id, made.accounts, bytes(made.data))
    return outcome, PLENTY - bank.balance(source), bank.balance(target)


def agrees(refusal: DexError, kind: FailureKind) -> bool:
    if kind is FailureKind.SLIPPAGE_EXCEEDED:
        return isinstance(refusal, AmountTooSmall)
    too_large = kind is FailureKind.INSUFFICIENT_LIQUIDITY and isinstance(refusal, AmountTooLarge)
    return refusal.code == kind.upper() or too_large


def state_of(pool: WhirlpoolPool, snapshot: Snapshot) -> list[bytes]:
    return [snapshot.account(key).data for key in pool.accounts]


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_adapter_and_stand_in_agree_on_drawn_states(bank: Bank, seed: int) -> None:
    rng, executed = random.Random(seed), 0
    for _ in range(STATES_OF_A_SEED):
        drawn = draw(bank, rng)
        pool, snapshot = drawn.entry.pool, drawn.snapshot
        outcome, paid, received = execute(drawn)
        name = (seed, drawn.entry.case["id"], drawn.request)
        if outcome.error is not None:
            number = outcome.error if isinstance(outcome.error, int) else 0
            kind = drawn.entry.venue.classify_failure(number, outcome.logs)
            with pytest.raises(DexError) as refused:
                pool.quote(snapshot, drawn.request)
            assert agrees(refused.value, kind), name
            continue
        quote = pool.quote(snapshot, drawn.request)
        assert (quote.amount_in, quote.amount_out) == (paid, received), name
        if quote.amount_in == drawn.request.amount or quote.mode is SwapMode.EXACT_OUT:
            left = pool.after(snapshot, quote)
            assert state_of(pool, left) == [drawn.scene.bank.data(key) for key in pool.accounts], name
        executed += 1

    assert executed > STATES_OF_A_SEED // 4
