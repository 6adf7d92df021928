"""What an old backup has forgotten, by the memos on chain: what is parked, and from where it looks."""

from __future__ import annotations

import base64
import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import Message
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction

from dex.transactions.instructions import memo
from orders import gateway
from orders.lifecycle import AttemptState, Status
from orders.models import Attempt, AuditEntry, Order, OrderEvent
from orders.pipeline import settle, stages
from orders.pipeline.restored import lies_before_the_backup
from orders.pipeline.settle import Watched
from orders.records import kill_switch, leases
from tests.lying_node import lying_node
from tests.orders.chain import TestChain, eventually
from tests.orders.rows import attempt_row, order_row

pytestmark = pytest.mark.django_db


def swapped(user: User, min_amount_out: int | None = None) -> Order:
    """An order whose transaction landed; with ``min_amount_out``, which no pool gives, it failed there."""
    order = order_row(user)
    stages.route([order.pk])
    if min_amount_out is not None:
        Order.objects.filter(pk=order.pk).update(min_amount_out=min_amount_out)
    stages.build([order.pk])
    stages.submit([order.pk])
    attempt = order.attempts.get()
    watched = [Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), 10**9, 10**9)]
    eventually(lambda: settle.settle(watched))
    return Order.objects.get(pk=order.pk)


def forget(order: Order) -> str:
    """Make the row what it was before its transaction was signed; the signature that is forgotten."""
    attempt = order.attempts.get()
    attempt.delete()
    OrderEvent.objects.filter(order=order, sequence__gt=1).delete()
    # The order was placed before all that it has forgotten.
    Order.objects.filter(pk=order.pk).update(
        status=Status.PENDING, version=1, attempt=0, signature="", confirmed_at=None, due_at=order.created_at
    )
    return attempt.signature


def reconcile(*arguments: str) -> list[str]:
    printed = io.StringIO()
    call_command("reconcile_restored", *arguments, stdout=printed)
    return printed.getvalue().splitlines()


def parked() -> set[object]:
    return set(Order.objects.filter(due_at=leases.NEVER, waits_for="parked").values_list("pk", flat=True))


def test_only_what_has_swapped_is_parked(user: User, chain: TestChain) -> None:
    done, failed, known = swapped(user), swapped(user, min_amount_out=10**15), swapped(user)
    signature = forget(done)
    forget(failed)
    waiting = order_row(user)
    kill_switch.switch(on=False)
    assert reconcile() == [f"parked {done.pk} {signature}", "1 orders parked, 0 swaps of unknown orders"]
    assert parked() == {done.pk}
    assert Order.objects.get(pk=known.pk).status == "confirmed"
    assert not parked() & {failed.pk, waiting.pk}


def test_swaps_of_orders_that_the_record_lacks_are_told(user: User, chain: TestChain) -> None:
    accepted_later = swapped(user)
    signature, order_id = forget(accepted_later), accepted_later.pk
    OrderEvent.objects.filter(order=accepted_later).delete()
    accepted_later.delete()
    kill_switch.switch(on=False)
    assert reconcile() == [f"unknown {order_id} {signature}", "0 orders parked, 1 swaps of unknown orders"]


def test_the_search_begins_behind_the_swap_that_is_named(user: User, chain: TestChain) -> None:
    first, second, third = swapped(user), swapped(user), swapped(user)
    signatures = {order.pk: forget(order) for order in (first, third)}
    kill_switch.switch(on=False)
    # The first one is not looked for: nobody can have forgotten it who knows the second and a later order.
    assert reconcile("--since", second.signature) == [
        f"parked {third.pk} {signatures[third.pk]}",
        "1 orders parked, 0 swaps of unknown orders",
    ]
    assert reconcile()[-1] == "2 orders parked, 0 swaps of unknown orders"
    assert parked() == {first.pk, third.pk}


def test_a_search_that_may_begin_too_late_is_refused(user: User, chain: TestChain) -> None:
    last = swapped(user)
    kill_switch.switch(on=False)
    for signature in (last.signature, "1" * 88, "no signature"):
        with pytest.raises(CommandError, match="--since is no swap"):
            reconcile("--since", signature)


def test_a_swap_lies_before_the_backup_if_an_order_came_after_it(user: User) -> None:
    order = order_row(user, status=Status.CONFIRMED)
    confirmed_at = order.created_at + timedelta(seconds=2)
    Order.objects.filter(pk=order.pk).update(confirmed_at=confirmed_at)
    attempt_row(order, state=AttemptState.LANDED, signature="landed")
    order_row(user, created_at=confirmed_at)
    assert not lies_before_the_backup("landed")
    order_row(user, created_at=confirmed_at + timedelta(milliseconds=1))
    assert lies_before_the_backup("landed")
    Attempt.objects.filter(signature="landed").update(state=AttemptState.OPEN)
    assert not lies_before_the_backup("landed")


def test_nothing_is_judged_while_transactions_are_in_flight_or_trading_is_on(user: User) -> None:
    with pytest.raises(CommandError, match="trading is on"):
        reconcile()
    kill_switch.switch(on=False)
    order_row(user, status=Status.SUBMITTED)
    with pytest.raises(CommandError, match="1 orders are in flight"):
        reconcile()


def test_a_chain_that_cannot_be_asked_is_told(user: User, chain: TestChain) -> None:
    kill_switch.switch(on=False)
    chain.fault("getSignaturesForAddress", "unavailable", 10)
    with pytest.raises(CommandError, match="the chain cannot be asked"):
        reconcile()


def test_a_transaction_that_is_listed_and_not_shown_ends_it(
    user: User, chain: TestChain, settings: Any
) -> None:
    order = swapped(user)
    signature = forget(order)
    kill_switch.switch(on=False)
    with lying_node(chain.url, getTransaction=lambda _: None) as forgetful:
        settings.SOLANA_RPC_URL = forgetful.url
        with pytest.raises(CommandError, match="the chain cannot be asked"):
            reconcile()
        settings.SOLANA_RPC_URL = f"{forgetful.url},{chain.url}"
        assert reconcile()[0] == f"parked {order.pk} {signature}"


def test_every_node_is_asked_what_it_lists(user: User, chain: TestChain, settings: Any) -> None:
    order = swapped(user)
    signature = forget(order)
    kill_switch.switch(on=False)
    with lying_node(chain.url, getSignaturesForAddress=lambda _: []) as empty:
        settings.SOLANA_RPC_URL = f"{empty.url},{chain.url}"
        assert reconcile()[0] == f"parked {order.pk} {signature}"


def test_a_strangers_memo_parks_no_order(user: User, chain: TestChain) -> None:
    order, stranger = order_row(user), Keypair()
    chain.call("requestAirdrop", str(stranger.pubkey()), 10**9)
    chain.call("localnet_advance", {"slots": 2})
    blockhash = Hash.from_string(chain.call("getLatestBlockhash")["value"]["blockhash"])
    gift = transfer(
        TransferParams(from_pubkey=stranger.pubkey(), to_pubkey=chain.wallet.pubkey(), lamports=1)
    )
    message = Message.new_with_blockhash(
        [memo(f"order {order.pk} attempt 1"), gift], stranger.pubkey(), blockhash
    )
    raw = bytes(Transaction([stranger], message, blockhash))
    chain.call("sendTransaction", base64.b64encode(raw).decode(), {"encoding": "base64"})
    chain.call("localnet_advance", {"slots": 2})
    kill_switch.switch(on=False)
    assert reconcile() == ["0 orders parked, 0 swaps of unknown orders"]
    assert parked() == set()


def test_a_parked_order_is_released_by_name(user: User) -> None:
    order, other = order_row(user), order_row(user)
    Order.objects.filter(pk=order.pk).update(due_at=leases.NEVER, waits_for="parked")
    assert reconcile("--release", str(order.pk)) == [f"released {order.pk}"]
    assert parked() == set()
    assert [held.pk for held in leases.claim([order.pk], {Status.PENDING})] == [order.pk]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject) == ("order released", str(order.pk))
    for wrong, text in ((str(other.pk), "is not parked"), ("order-1", "is no order's id")):
        with pytest.raises(CommandError, match=text):
            reconcile("--release", wrong)
