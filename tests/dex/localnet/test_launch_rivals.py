"""Other bots buy what localnet launches in the slot in which it opens, and sell a part of it later."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from solders.pubkey import Pubkey

from dex.localnet.chain import Chain
from dex.localnet.launches.plan import CREATED_EMPTY, LaunchVenue
from dex.localnet.launches.rivals import Rivals, rival_keypairs
from dex.localnet.server import Localnet
from dex.localnet.token_accounts import read_token_account
from dex.rpc.node import SolanaRpc
from dex.transactions.token_accounts import associated_token_address
from tests.dex.localnet.network_swaps import options
from tests.localnet_process import running_localnet

# No slot closes by itself: the tests close them.
STILL_MS = 3_600_000
BOTS = rival_keypairs(3)
LONGEST_HELD_SLOTS = 81


@asynccontextmanager
async def still_localnet() -> AsyncIterator[tuple[Localnet, SolanaRpc]]:
    fund = tuple(bot.pubkey() for bot in BOTS)
    still = replace(options(fund), slot_ms=STILL_MS, price_network="localnet")
    async with running_localnet(still) as network:
        rpc = SolanaRpc(network.url, commitment="processed")
        yield network, rpc
        await rpc.aclose()


def held(chain: Chain, mint: Pubkey) -> list[int]:
    addresses = [associated_token_address(bot.pubkey(), mint) for bot in BOTS]
    accounts = [chain.bank.accounts.current(address) for address in addresses]
    found = [None if account is None else read_token_account(account) for account in accounts]
    return [0 if account is None else account.amount for account in found]


async def launch(rpc: SolanaRpc, venue: LaunchVenue) -> Pubkey:
    wish = {"venue": venue.value, "quote": "SOL", "opensInSlots": 2}
    answer = await rpc.client.call("localnet_launch", wish)
    return Pubkey.from_string(answer["value"]["mint"])


@pytest.mark.parametrize("venue", sorted(CREATED_EMPTY))
async def test_rivals_buy_in_the_opening_slot_and_sell_later(venue: LaunchVenue) -> None:
    async with still_localnet() as (network, rpc):
        rivals, chain = Rivals(rpc, BOTS, seed=1), network.chain
        mint = await launch(rpc, venue)
        assert await rivals.look() == 0
        await network.advance(2)

        assert await rivals.look() == 3
        assert await rivals.look() == 0
        executions = chain.blocks[-1].executions
        assert [execution.error for execution in executions] == [None, None, None]
        bought = held(chain, mint)
        assert min(bought) > 0

        sold = 0
        for _ in range(LONGEST_HELD_SLOTS):
            await network.advance()
            sold += await rivals.look()
        assert sold == 3
        assert all(now < before for now, before in zip(held(chain, mint), bought, strict=True))


async def test_a_launch_that_cannot_be_bought_stops_nobody() -> None:
    async with still_localnet() as (network, rpc):
        rivals, chain = Rivals(rpc, BOTS, seed=1), network.chain
        trap = {"venue": "meteora-damm-v2", "quote": "SOL", "opensInSlots": 0, "trap": "nonTransferable"}
        await rpc.client.call("localnet_launch", trap)
        mint = await launch(rpc, LaunchVenue.DLMM)
        await network.advance(2)
        assert await rivals.look() == 3
        assert min(held(chain, mint)) > 0
