"""The adapters against every recorded swap of the real programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from dex.errors import DexError
from dex.types import SwapMode
from dex.verify import swaps
from dex.verify.report import Reports
from dex.verify.vector_file import read
from tests.dex.recorded_swaps import AMM_V4, CLMM, CPMM, DAMM_V2, DLMM, WHIRLPOOL, recorded


@pytest.mark.parametrize(
    ("path", "cases"),
    [(AMM_V4, 126), (CPMM, 402), (DAMM_V2, 322), (CLMM, 144), (DLMM, 82), (WHIRLPOOL, 916)],
)
def test_every_recorded_swap_is_quoted_to_the_unit(path: Path, cases: int) -> None:
    reports = Reports()
    swaps.compare(read(path), reports)
    (report,) = reports

    assert report.differences == []
    assert (report.cases, report.equal, report.skipped) == (cases, cases, 0)


@pytest.mark.parametrize(
    ("path", "answers"),
    [
        (AMM_V4, {"amounts": 109, "AmountTooSmall": 17}),
        (CPMM, {"amounts": 335, "AmountTooSmall": 64, "UnsupportedPool": 3}),
        (DAMM_V2, {"amounts": 260, "AmountTooSmall": 48, "InsufficientLiquidity": 14}),
        (CLMM, {"amounts": 135, "InsufficientLiquidity": 3, "UnsupportedPool": 6}),
        (DLMM, {"amounts": 75, "AmountTooSmall": 4, "InsufficientLiquidity": 3}),
    ],
)
def test_recorded_failures_surface_as_typed_errors(path: Path, answers: dict[str, int]) -> None:
    counted: Counter[str] = Counter()
    for entry in recorded(path).values():
        answer = swaps.answer(entry.venue, entry.case)
        counted[type(answer).__name__ if isinstance(answer, DexError) else "amounts"] += 1

    assert counted == answers


def test_recordings_cover_every_fee_mode_of_damm_v2() -> None:
    modes = {
        (entry.case["summary"]["base_fee_mode"], entry.case["summary"]["collect_fee_mode"])
        for entry in recorded(DAMM_V2).values()
    }

    assert {base for base, _ in modes} == {0, 1, 2, 3, 4}
    assert {collect for _, collect in modes} == {0, 1, 2}


def test_cpmm_fee_is_the_fee_that_the_official_source_charges_on_the_input() -> None:
    compared = 0
    for entry in recorded(CPMM).values():
        native = entry.case["official_rust"]
        if not native or swaps.difference(entry.venue, entry.case) or entry.case["inputs"]["creator_fee_on"]:
            continue
        try:
            quote = entry.pool.quote(entry.snapshot, entry.request)
        except DexError:
            continue
        assert quote.fee_amount == int(native["trade_fee"]) + int(native["creator_fee"]), entry.case["id"]
        assert quote.fee_mint == entry.request.token_in
        compared += 1

    assert compared == 239


def test_damm_v2_fee_is_the_sum_of_the_shares_that_the_sdk_reports() -> None:
    compared = 0
    for entry in recorded(DAMM_V2).values():
        sdk = entry.case["sdk"]
        if not entry.case["match"] or "claiming_fee" not in sdk:
            continue
        quote = entry.pool.quote(entry.snapshot, entry.request)
        shares = ("claiming_fee", "protocol_fee", "referral_fee", "compounding_fee")
        assert quote.fee_amount == sum(int(sdk.get(share, 0)) for share in shares), entry.case["id"]
        compared += 1

    assert compared == 260


@pytest.mark.parametrize("path", [AMM_V4, CPMM, DAMM_V2])
def test_buying_what_a_sale_paid_costs_no_more_than_a_unit_extra_and_pays_in_full(path: Path) -> None:
    compared = 0
    for name, entry in recorded(path).items():
        if entry.request.mode is SwapMode.EXACT_OUT:
            continue
        try:
            sold = entry.pool.quote(entry.snapshot, entry.request)
        except DexError:
            continue
        wish = replace(entry.request, amount=sold.amount_out, mode=SwapMode.EXACT_OUT)
        bought = entry.pool.quote(entry.snapshot, wish)
        again = entry.pool.quote(entry.snapshot, replace(entry.request, amount=bought.amount_in))
        assert bought.amount_in <= sold.amount_in + 1, name
        assert again.amount_out >= sold.amount_out, name
        compared += 1

    assert compared == {AMM_V4: 109, CPMM: 296, DAMM_V2: 224}[path]
