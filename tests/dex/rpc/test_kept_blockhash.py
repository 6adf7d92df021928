"""Blockhashes that are asked for ahead of their use: how old they become, and what an error costs."""

from __future__ import annotations

import asyncio

import pytest
from solders.hash import Hash

from dex.errors import ChainBusy
from dex.rpc.answers import LatestBlockhash
from dex.rpc.kept_blockhash import MOST_SLOTS_APART, KeptBlockhash


class Node:
    """Counts what it is asked; each answer is of the slot that is set, or an error."""

    def __init__(self) -> None:
        self.slot, self.asked, self.fails = 100, 0, False

    async def latest_blockhash(self) -> LatestBlockhash:
        self.asked += 1
        if self.fails:
            raise ChainBusy("too many requests")
        return LatestBlockhash(Hash.new_unique(), self.slot + 150, self.slot)


class SetClock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_one_that_was_asked_for_ahead_is_there_at_once() -> None:
    node = Node()
    kept = KeptBlockhash(node)
    kept.refresh()
    first = await kept.at(100)
    assert await kept.at(100 + MOST_SLOTS_APART) is first
    assert node.asked == 1


async def test_one_that_is_too_old_for_a_slot_is_asked_for_again() -> None:
    node = Node()
    kept = KeptBlockhash(node)
    await kept.at(100)
    node.slot += MOST_SLOTS_APART + 1
    assert (await kept.at(node.slot)).slot == node.slot
    assert node.asked == 2


async def test_one_of_a_chain_that_began_anew_is_not_used() -> None:
    node = Node()
    kept = KeptBlockhash(node)
    await kept.at(100)
    node.slot = 3
    assert (await kept.at(3)).slot == 3


async def test_it_is_refreshed_every_two_seconds_at_the_most() -> None:
    node, clock = Node(), SetClock()
    kept = KeptBlockhash(node, monotonic=clock)
    await kept.at(100)
    clock.now += 1.9
    kept.refresh()
    await asyncio.sleep(0)
    assert node.asked == 1
    clock.now += 0.1
    kept.refresh()
    kept.refresh()
    await asyncio.sleep(0)
    assert node.asked == 2


async def test_an_error_reaches_who_waits_and_is_no_answer() -> None:
    node = Node()
    kept = KeptBlockhash(node)
    node.fails = True
    with pytest.raises(ChainBusy):
        await kept.at(100)
    node.fails = False
    assert (await kept.at(100)).last_valid_block_height == 250


async def test_an_error_behind_a_young_one_keeps_it() -> None:
    node, clock = Node(), SetClock()
    kept = KeptBlockhash(node, monotonic=clock)
    first = await kept.at(100)
    node.fails = True
    clock.now += 2
    kept.refresh()
    await asyncio.sleep(0)
    assert await kept.at(110) is first
