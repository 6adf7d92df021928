"""What a wallet paid beside its swaps is on record, to the lamport, also for transactions that failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from dex.rpc.jito import TIP_ACCOUNTS
from orders import gateway
from orders.lifecycle import Status
from orders.models import Attempt, Order
from orders.pipeline import followed, settle, stages
from orders.pipeline.settle import Watched
from orders.records import costs
from tests.orders.chain import TestChain, eventually, running_chain, use_chain
from tests.orders.fakes import FakePoller
from tests.orders.rows import SOL, USDC, order_row

pytestmark = pytest.mark.django_db

START = 20 * 10**9
TIP = 25_000
RENT = 2_039_280


@pytest.fixture
def bare_chain(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestChain]:
    """A chain on which the wallet holds SOL and has no token account yet; Jito's accounts can take tips."""
    with running_chain(tmp_path_factory.mktemp("chain"), funded=False) as running:
        use_chain(settings, running)
        for account in TIP_ACCOUNTS:
            running.call("requestAirdrop", str(account), 10**9)
        running.call("requestAirdrop", str(running.wallet.pubkey()), START)
        eventually(lambda: lamports(running) == START)
        yield running


def lamports(chain: TestChain) -> int:
    config = {"commitment": "confirmed"}
    return int(chain.call("getBalance", str(chain.wallet.pubkey()), config)["value"])


def settled(order: Order, min_amount_out: int | None = None) -> Order:
    """Take an order through the stages; with ``min_amount_out`` its transaction asks for that much."""
    stages.route([order.pk])
    if min_amount_out is not None:
        Order.objects.filter(pk=order.pk).update(min_amount_out=min_amount_out)
    stages.build([order.pk])
    stages.submit([order.pk])
    attempt = order.attempts.get(state="open")
    watched = [Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), 10**9, 10**9)]
    eventually(lambda: settle.settle(watched))
    return Order.objects.get(pk=order.pk)


def cost(attempt: Attempt) -> dict[str, int | None]:
    return dict(zip(costs.COLUMNS, costs.values(attempt), strict=True))


def test_the_wallets_sol_adds_up_from_the_rows_with_tips_rent_and_failed_transactions(
    user: User, bare_chain: TestChain, settings: Any
) -> None:
    settings.PRIORITY_FEE, settings.PRIORITY_FEE_FLOOR = "20000", 0
    # Nobody answers there; the tip is in the transaction, anyone who brings it into a block.
    settings.JITO_URL, settings.JITO_TIP_LAMPORTS = "http://127.0.0.1:9/api/v1/transactions", TIP
    bought = settled(order_row(user))
    failed = settled(order_row(user), min_amount_out=10**15)
    again = settled(order_row(user, amount_in=2_000_000_000))
    sold = settled(order_row(user, token_in=USDC, token_out=SOL, amount_in=5_000_000))

    assert [order.status for order in (bought, failed, again, sold)] == [
        *("confirmed", "routing", "confirmed", "confirmed")
    ]
    paid = {order.pk: cost(order.attempts.get()) for order in (bought, failed, again, sold)}
    assert [paid[o.pk]["network_fee"] for o in (bought, failed, again, sold)] == [5_000] * 4
    assert all((each["priority_fee"] or 0) > 0 for each in paid.values())
    assert [paid[o.pk]["tip"] for o in (bought, failed, again, sold)] == [TIP, 0, TIP, TIP]
    assert [paid[o.pk]["rent"] for o in (bought, failed, again, sold)] == [RENT, 0, 0, 0]
    # The orders' own fees are those of their swaps.
    assert (bought.network_fee, bought.priority_fee) == (5_000, paid[bought.pk]["priority_fee"])
    assert (failed.network_fee, failed.priority_fee) == (None, None)

    rows = Order.objects.filter(status=Status.CONFIRMED)
    swapped = sum(o.executed_amount_out or 0 for o in rows if o.token_out == SOL)
    swapped -= sum(o.executed_amount_in or 0 for o in rows if o.token_in == SOL)
    beside = sum(value or 0 for each in paid.values() for value in each.values())
    assert lamports(bare_chain) == START + swapped - beside


def test_a_transaction_that_never_landed_has_cost_nothing(user: User, chain: TestChain) -> None:
    order = order_row(user)
    stages.route([order.pk])
    stages.build([order.pk])
    chain.fault("sendTransaction", "swallow", 1_000)
    stages.submit([order.pk])
    attempt = order.attempts.get()
    assert cost(attempt) == dict.fromkeys(costs.COLUMNS)
    chain.call("localnet_advance", {"slots": 200})
    one = Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), 10**9, 0)

    def dead() -> bool:
        one.check_at = 0
        return bool(settle.settle([one]))

    eventually(dead)
    assert cost(order.attempts.get(state="expired")) == dict.fromkeys(costs.COLUMNS, 0)


def test_what_a_dropped_fork_took_back_is_unknown_until_it_lands_again(user: User, chain: TestChain) -> None:
    order = settled(order_row(user))
    first = cost(order.attempts.get())
    followed.take_back([order], FakePoller().watch)
    assert cost(order.attempts.get(state="open")) == dict.fromkeys(costs.COLUMNS)
    attempt = order.attempts.get()
    watched = [Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), 10**9, 10**9)]
    eventually(lambda: settle.settle(watched))
    assert cost(order.attempts.get(state="landed")) == first
