"""What transactions take from wallets, as the database sums it up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orders.lifecycle import AttemptState, Status
from orders.records import committed
from tests.orders.rows import SOL, USDC, attempt_row, order_row

pytestmark = pytest.mark.django_db
MOST = 2**63 - 1


def test_sums_go_beyond_64_bits(user: User) -> None:
    for _ in range(3):
        attempt_row(order_row(user, wallet="w", amount_in=MOST), reserved_lamports=5)
    assert list(committed.under_way()) == [("w", SOL, 3 * MOST, 15)]


def test_each_wallet_and_token_has_its_own_sum(user: User) -> None:
    attempt_row(order_row(user, wallet="w", amount_in=1))
    attempt_row(order_row(user, wallet="v", amount_in=2), reserved_lamports=3)
    attempt_row(order_row(user, wallet="w", token_in=USDC, token_out=SOL, amount_in=4), reserved_lamports=5)
    attempt_row(order_row(user, wallet="w", network="devnet", amount_in=8))
    attempt_row(order_row(user, wallet="w", amount_in=16), state=AttemptState.EXPIRED)
    assert sorted(committed.under_way()) == [
        ("v", SOL, 2, 3),
        ("w", USDC, 4, 5),
        ("w", SOL, 1, 0),
    ]


def test_what_landed_later_and_is_not_final_counts(user: User) -> None:
    now = timezone.now()
    landed = {"wallet": "w", "status": Status.CONFIRMED, "confirmed_at": now}
    for slot, columns in ((6, {}), (5, {}), (6, {"finalized_at": now}), (6, {"network": "devnet"})):
        attempt_row(
            order_row(user, amount_in=slot, **(landed | columns)), state=AttemptState.LANDED, slot=slot
        )
    since = now - timedelta(seconds=2)
    assert list(committed.landed_after(5, since)) == [("w", SOL, 6, 0)]
    assert list(committed.landed_after(5, now + timedelta(seconds=1))) == []
