"""The benchmark's judgement of the chain: what must make it fail does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orders.gateway.audit import NATIVE, LandedTransaction
from orders.proving.benchmark.chain_check import ChainBooks, Check, check_run
from orders.proving.benchmark.records import OrderRecord

USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
FIRST = "11111111-2222-4333-8444-555555555555"
SECOND = "99999999-2222-4333-8444-555555555555"


def landed(order_id: str, signature: str, *, succeeded: bool = True, attempt: int = 1) -> LandedTransaction:
    return LandedTransaction(signature, succeeded, 5_000, f"order {order_id} attempt {attempt}", True)


BOUGHT = OrderRecord(FIRST, "confirmed", "", "sig-1", NATIVE, USDC, 1_000, 170, 5_000, 300, 1.0, 2.0)
FAILED = OrderRecord(SECOND, "failed", "SLIPPAGE_EXCEEDED", "sig-2", NATIVE, USDC, 0, 0, 5_000, 0, 1.0, None)
BOOKS = ChainBooks(
    before={NATIVE: 100_000, USDC: 50},
    after={NATIVE: 100_000 - 1_000 - 2 * 5_000 - 300, USDC: 220},
    landed=[landed(FIRST, "sig-1"), landed(SECOND, "sig-2", succeeded=False)],
    succeeded={"sig-1"},
)


def failing(books: ChainBooks, records: list[OrderRecord] | None = None) -> list[str]:
    checks = check_run({FIRST, SECOND}, records or [BOUGHT, FAILED], books)
    return [check.name for check in checks if not check.passed]


def test_books_that_add_up_pass_every_check() -> None:
    assert check_run({FIRST, SECOND}, [BOUGHT, FAILED], BOOKS) == [
        Check("every accepted order is on record", True, "2 orders"),
        Check("every confirmed order's signature succeeded on chain", True, "1 signatures"),
        Check("every confirmed order swapped exactly once", True, "1 swaps"),
        Check("no other order swapped", True, "1 orders"),
        Check("no other transaction of the wallet", True, "2 transactions"),
        Check("every transaction's fee is on record", True, "10000 lamports"),
        Check(f"balance of {USDC} adds up", True, "+170 base units"),
        Check(f"balance of {NATIVE} adds up", True, "-11300 base units"),
    ]


def test_a_second_swap_of_an_order_is_found() -> None:
    twice = [*BOOKS.landed, landed(FIRST, "sig-3", attempt=2)]
    assert failing(replace(BOOKS, landed=twice)) == [
        "every confirmed order swapped exactly once",
        "every transaction's fee is on record",
    ]


def test_a_failed_transaction_whose_fee_is_on_no_record_is_found() -> None:
    assert failing(BOOKS, [BOUGHT, replace(FAILED, fees=0)]) == [
        "every transaction's fee is on record",
        f"balance of {NATIVE} adds up",
    ]


def test_a_failed_order_that_swapped_is_found() -> None:
    anyway = [BOOKS.landed[0], landed(SECOND, "sig-2")]
    assert "no other order swapped" in failing(replace(BOOKS, landed=anyway))


def test_a_signature_that_the_chain_does_not_know_is_found() -> None:
    assert failing(replace(BOOKS, succeeded=set())) == [
        "every confirmed order's signature succeeded on chain"
    ]


def test_an_accepted_order_without_a_row_is_found() -> None:
    assert "every accepted order is on record" in failing(BOOKS, [BOUGHT])


@pytest.mark.parametrize("memo", ["", "hello", f"order {FIRST}", "order 123 attempt 1"])
def test_a_transaction_of_somebody_else_is_found(memo: str) -> None:
    strange = [*BOOKS.landed, LandedTransaction("sig-9", False, 0, memo, False)]
    assert failing(replace(BOOKS, landed=strange)) == ["no other transaction of the wallet"]


@pytest.mark.parametrize(("mint", "name"), [(NATIVE, f"balance of {NATIVE}"), (USDC, f"balance of {USDC}")])
def test_one_base_unit_too_many_is_found(mint: str, name: str) -> None:
    after = {**BOOKS.after, mint: BOOKS.after[mint] + 1}
    assert failing(replace(BOOKS, after=after)) == [f"{name} adds up"]


def test_tips_and_the_rent_of_a_new_token_account_are_paid_beside() -> None:
    after = {NATIVE: BOOKS.after[NATIVE] - 2_039_280, USDC: 170}
    books = replace(BOOKS, before={NATIVE: 100_000}, after=after)
    assert failing(books, [replace(BOUGHT, beside=300 + 2_039_280), FAILED]) == []
    assert failing(books) == [f"balance of {NATIVE} adds up"]
