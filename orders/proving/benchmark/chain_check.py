"""Whether every order swapped exactly once, judged by what is on the chain. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orders.gateway.audit import NATIVE, LandedTransaction
from orders.lifecycle import Status
from orders.proving.benchmark.records import OrderRecord

# Every transaction that the engine signs names its order in a memo.
_MEMO: Final = re.compile(r"order ([0-9a-f-]{36}) attempt \d+")
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold; ``detail`` says what was counted, or what is wrong."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ChainBooks:
    """What the chain says of the wallet: balances by mint, and all its transactions of the run."""

    before: Mapping[str, int]
    after: Mapping[str, int]
    landed: Sequence[LandedTransaction]
    succeeded: Collection[str]


def check_run(accepted: Collection[str], records: Sequence[OrderRecord], books: ChainBooks) -> list[Check]:
    """Hold the engine's records of a run against the chain."""
    swaps = Counter(_order_of(t) for t in books.landed if t.succeeded)
    ours = {record.order_id for record in records}
    confirmed = [record for record in records if record.status == Status.CONFIRMED]
    others = [record for record in records if record.status != Status.CONFIRMED]
    unfound = [r.order_id for r in confirmed if r.signature not in books.succeeded]
    not_once = [r.order_id for r in confirmed if swaps[r.order_id] != 1]
    swapped_anyway = [r.order_id for r in others if swaps[r.order_id]]
    strangers = [t.signature for t in books.landed if _order_of(t) not in ours]
    return [
        counted_check(
            "every accepted order is on record", sorted(set(accepted) - ours), f"{len(accepted)} orders"
        ),
        counted_check(
            "every confirmed order's signature succeeded on chain", unfound, f"{len(confirmed)} signatures"
        ),
        counted_check("every confirmed order swapped exactly once", not_once, f"{sum(swaps.values())} swaps"),
        counted_check("no other order swapped", swapped_anyway, f"{len(others)} orders"),
        counted_check("no other transaction of the wallet", strangers, f"{len(books.landed)} transactions"),
        check_fees(records, books),
        *check_balances(records, books),
    ]


def check_fees(records: Sequence[OrderRecord], books: ChainBooks) -> Check:
    """What the chain took for each order's transactions, also for those that failed, is on record."""
    charged: Counter[str] = Counter()
    for transaction in books.landed:
        charged[_order_of(transaction)] += transaction.fee
    wrong = [record.order_id for record in records if record.fees != charged[record.order_id]]
    return counted_check("every transaction's fee is on record", wrong, f"{charged.total()} lamports")


def check_balances(records: Sequence[OrderRecord], books: ChainBooks) -> list[Check]:
    """One check a token: what the wallet gained is what the records say, to the unit.

    SOL also pays fees, tips, and the rent of each token account that came into being.
    """
    expected: Counter[str] = Counter()
    for record in records:
        expected[record.token_out] += record.executed_amount_out
        expected[record.token_in] -= record.executed_amount_in
        expected[NATIVE] -= record.fees + record.beside
    checks = []
    for mint in sorted(set(expected) | set(books.before) | set(books.after)):
        moved = books.after.get(mint, 0) - books.before.get(mint, 0)
        wrong = [] if moved == expected[mint] else [f"expected {expected[mint]:+}"]
        checks.append(counted_check(f"balance of {mint} adds up", wrong, f"{moved:+} base units"))
    return checks


def _order_of(transaction: LandedTransaction) -> str:
    match = _MEMO.fullmatch(transaction.memo)
    return match[1] if match else ""


def counted_check(name: str, wrong: Sequence[str], counted: str) -> Check:
    """A check that passes where nothing is ``wrong``; ``counted`` says of how much."""
    if not wrong:
        return Check(name, True, counted)
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    return Check(name, False, f"{counted}; wrong: {', '.join(wrong[:_SHOWN])}{more}")
