"""Orca Whirlpool against the real programs: quotes to the unit, refusals, what a swap leaves behind."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from solders.pubkey import Pubkey

from dex.errors import (
    AccountMissing,
    AmountTooLarge,
    AmountTooSmall,
    DexError,
    InsufficientLiquidity,
    PoolDisabled,
)
from dex.types import FailureKind, QuoteRequest, Snapshot, SwapMode
from tests.dex.whirlpool_recordings import (
    RecordedSwap,
    clock,
    known_accounts,
    open_pool,
    paid_swaps,
    recorded_batches,
    recorded_swaps,
)

# A tick array that exists but was not passed is missing for the adapter too.
REFUSALS: dict[FailureKind, tuple[type[DexError], ...]] = {
    FailureKind.AMOUNT_TOO_SMALL: (AmountTooSmall,),
    FailureKind.INSUFFICIENT_LIQUIDITY: (InsufficientLiquidity, AmountTooLarge, AccountMissing),
    FailureKind.POOL_DISABLED: (PoolDisabled,),
}


def test_every_recorded_swap_is_quoted_to_the_unit() -> None:
    swaps = paid_swaps()
    for entry in swaps:
        quote, chain = entry.quote(), entry.case["onchain"]
        assert (quote.amount_in, quote.amount_out) == (int(chain["paid"]), int(chain["received"])), (
            entry.case["id"]
        )

    assert len(swaps) == 572


def test_every_recorded_failure_is_refused_with_its_kind() -> None:
    kinds: Counter[FailureKind] = Counter()
    for name, entry in recorded_swaps().items():
        chain = entry.case["onchain"]
        if chain["ok"] or entry.case["check"] != "quote":
            continue
        kind = entry.venue.classify_failure(chain["error"], chain["log"])
        kinds[kind] += 1
        if kind is FailureKind.SLIPPAGE_EXCEEDED:
            assert breaks_threshold(entry), name
            continue
        with pytest.raises(REFUSALS[kind]):
            entry.quote()

    assert kinds == {
        FailureKind.SLIPPAGE_EXCEEDED: 59,
        FailureKind.INSUFFICIENT_LIQUIDITY: 116,
        FailureKind.POOL_DISABLED: 31,
        FailureKind.AMOUNT_TOO_SMALL: 14,
    }


def breaks_threshold(entry: RecordedSwap) -> bool:
    threshold = int(entry.case["other_amount_threshold"])
    try:
        quote = entry.quote()
    except AmountTooSmall:
        return threshold == 1
    if quote.mode is SwapMode.EXACT_IN:
        return quote.amount_out < threshold
    return quote.amount_in > threshold


def test_swaps_that_paid_nothing_are_refused() -> None:
    refused = 0
    for entry in recorded_swaps().values():
        if entry.case["onchain"].get("received") == "0":
            with pytest.raises(AmountTooSmall):
                entry.quote()
            refused += 1

    assert refused == 48


def test_wrong_accounts_are_no_fault_of_the_quote() -> None:
    kinds: Counter[FailureKind] = Counter()
    for entry in recorded_swaps().values():
        chain = entry.case["onchain"]
        if entry.case["check"] == "account" and not chain["ok"]:
            kinds[entry.venue.classify_failure(chain["error"], chain["log"])] += 1

    assert kinds == {FailureKind.OTHER: 61, FailureKind.INSUFFICIENT_FUNDS: 15}


def test_after_leaves_price_tick_liquidity_and_fees_of_the_program() -> None:
    compared = 0
    for entry in paid_swaps():
        quote = entry.quote()
        # What is only partly filled goes on to its limit; the quote's own amounts do not.
        if entry.sqrt_price_limit is not None or entry.request.amount not in (
            quote.amount_in,
            quote.amount_out,
        ):
            continue
        left = entry.pool.after(entry.snapshot, quote)
        chain, data = entry.case["onchain"], left.account(entry.pool.address).data
        before = entry.snapshot.account(entry.pool.address).data
        wanted = (chain["liquidity_after"], chain["sqrt_price_after"], chain["tick_after"])
        assert state(data) == tuple(map(int, wanted)), entry.case["id"]
        owed = sum(number(data, at, 8) - number(before, at, 8) for at in (85, 93))
        assert owed == int(chain["protocol_fee"]), entry.case["id"]
        assert oracle_variables(entry, left) == chain.get("oracle_after"), entry.case["id"]
        compared += 1

    assert compared == 513


def state(data: bytes) -> tuple[int, int, int]:
    return number(data, 49, 16), number(data, 65, 16), int.from_bytes(data[81:85], "little", signed=True)


def number(data: bytes, offset: int, size: int) -> int:
    return int.from_bytes(data[offset : offset + size], "little")


def oracle_variables(entry: RecordedSwap, snapshot: Snapshot) -> dict[str, int] | None:
    if entry.case["accounts"]["oracle"] is None:
        return None
    data = snapshot.account(Pubkey.from_string(entry.case["accounts"]["oracle_address"])).data
    return {
        "last_reference_update": number(data, 82, 8),
        "last_major_swap": number(data, 90, 8),
        "volatility_reference": number(data, 98, 4),
        "tick_group_index_reference": int.from_bytes(data[102:106], "little", signed=True),
        "volatility_accumulator": number(data, 106, 4),
    }


@pytest.mark.parametrize("name", ["whirl-0", "whirl-1"])
def test_quotes_along_a_batch_and_all_bytes_that_the_program_left(name: str) -> None:
    batch = recorded_batches()[name]
    _, pool = open_pool(batch["program"], batch["accounts"])
    snapshot = Snapshot(clock(batch["start"]), known_accounts(batch["program"], batch["accounts"]))
    for step in batch["steps"]:
        snapshot = replace(snapshot, clock=clock(step["clock"]))
        request = batch_request(step)
        missing = [key for key in pool.further_accounts(snapshot, request) if key not in snapshot.accounts]
        snapshot = replace(snapshot, accounts={**snapshot.accounts, **dict.fromkeys(missing)})
        quote = pool.quote(snapshot, request)
        snapshot = pool.after(snapshot, quote)
        assert (quote.amount_in, quote.amount_out) == (int(step["paid"]), int(step["received"]))
        for address in pool.accounts:
            changed = step["changed"].get(str(address))
            assert changed is None or snapshot.account(address).data == base64.b64decode(changed)


def batch_request(step: Any) -> QuoteRequest:
    mints = Pubkey.from_string(step["mint_in"]), Pubkey.from_string(step["mint_out"])
    return QuoteRequest(*mints, int(step["amount"]), SwapMode(step["mode"]))


def test_the_fee_is_what_the_sdk_reports() -> None:
    compared = 0
    for entry in paid_swaps():
        sdk = entry.case["sdk"]
        if entry.case["match"] and entry.sqrt_price_limit is None and sdk and "fee" in sdk:
            assert entry.quote().fee_amount == int(sdk["fee"]), entry.case["id"]
            compared += 1

    assert compared > 400


def test_the_compute_limit_covers_every_recorded_swap() -> None:
    for entry in paid_swaps():
        quote = entry.quote()
        assert entry.case["onchain"]["cu"] * 6 // 5 <= quote.compute_units, entry.case["id"]
        assert quote.compute_units <= entry.venue.compute_units
