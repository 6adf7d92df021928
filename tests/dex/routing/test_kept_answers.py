"""Answers are kept for the snapshot that they are of, whatever batches do behind it."""

from __future__ import annotations

from dataclasses import replace

from dex.routing.batch import Ask, route_batch
from dex.routing.kept_answers import KeptAnswers
from dex.routing.search import Bounds
from dex.routing.way import Answers
from dex.types import Snapshot
from tests.dex.routing.market import ask, candidates, pools, snapshot

REQUEST = ask("SOL", "USDC", "2000")


def read_again(state: Snapshot) -> Snapshot:
    """The same accounts in another snapshot."""
    return Snapshot(replace(state.clock), dict(state.accounts))


def test_an_equal_snapshot_finds_the_answers() -> None:
    kept, first = KeptAnswers(), Snapshot(snapshot().clock, dict(snapshot().accounts))
    answers = kept.of(first)
    assert kept.of(read_again(first)) is answers


def test_another_clock_or_account_finds_none() -> None:
    kept, first = KeptAnswers(), Snapshot(snapshot().clock, dict(snapshot().accounts))
    answers = kept.of(first)
    later = replace(first, clock=replace(first.clock, slot=first.clock.slot + 1))
    assert kept.of(later) is not answers
    answers = kept.of(first)
    pool = pools("SOL", "USDC")[0].address
    account = first.account(pool)
    changed = Snapshot(first.clock, {**first.accounts, pool: replace(account, data=account.data[::-1])})
    assert kept.of(changed) is not answers
    answers = kept.of(first)
    assert kept.of(Snapshot(first.clock, {pool: account})) is not answers


def test_answers_do_not_outlive_a_chain_that_stands_still() -> None:
    kept, first = KeptAnswers(), Snapshot(snapshot().clock, dict(snapshot().accounts))
    answers = kept.of(first)
    assert all(kept.of(first) is answers for _ in range(64))
    assert kept.of(first) is not answers


def test_a_batch_leaves_the_answers_of_its_snapshot_as_they_are() -> None:
    asks = [Ask(REQUEST, candidates("SOL", "USDC", "USDT"), Bounds())] * 4
    alone = route_batch(asks, snapshot(), lambda _: True)
    answers = Answers()
    first = route_batch(asks, snapshot(), lambda _: True, answers=answers)
    again = route_batch(asks, snapshot(), lambda _: True, answers=answers)
    assert first == again == alone
    assert alone[0].quotes[0].amount_out > alone[3].quotes[0].amount_out
