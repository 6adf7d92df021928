"""Pools ranked by what a probe buys in them; dust and pools that lose too much are not asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import pytest
from solders.pubkey import Pubkey

from dex.errors import ChainBusy
from dex.routing.depth import Judged, Pair, judge
from dex.routing.discovery import PoolDirectory
from dex.routing.judgement import ChainJudge
from dex.types import AccountData, AccountFilter, Snapshot
from dex.venues.base import Pool
from dex.venues.registry import venues_for
from tests.dex.routing.market import MINT, pools, snapshot

CPMM: Final = next(venue for venue in venues_for("localnet") if venue.name == "raydium-cpmm")
PAIR: Final = (MINT["SOL"], MINT["USDC"])
# Of a CPMM pool: its config, its vaults, the LP tokens in circulation. Of a config: the fee in millionths.
_CONFIG, _VAULTS, _LP_SUPPLY, _TRADE_RATE, _AMOUNT = 8, (72, 104), 333, 12, 64


class Market:
    """Copies of localnet's pool of SOL and USDC, some smaller, some dearer, as a node has them."""

    def __init__(self) -> None:
        [self.original] = pools("SOL", "USDC", ("raydium-cpmm",))
        self.accounts: dict[Pubkey, AccountData | None] = {}
        self.fails = False
        self.snapshots_read = 0

    def add(self, *, part: int = 1, lp_supply: int | None = None, fee: int | None = None) -> Pubkey:
        """A pool with a ``part`` of the reserves, that says it has so many LP tokens, at a ``fee``."""
        original = snapshot().account(self.original.address)
        data = original.data
        for offset in _VAULTS:
            data = put(data, offset, bytes(self._vault(pubkey_at(data, offset), part)))
        if lp_supply is not None:
            data = put(data, _LP_SUPPLY, lp_supply.to_bytes(8, "little"))
        if fee is not None:
            data = put(data, _CONFIG, bytes(self._config(pubkey_at(data, _CONFIG), fee)))
        address = Pubkey.new_unique()
        self.accounts[address] = AccountData(original.owner, original.lamports, data)
        return address

    def _vault(self, address: Pubkey, part: int) -> Pubkey:
        held = snapshot().account(address)
        amount = int.from_bytes(held.data[_AMOUNT : _AMOUNT + 8], "little") // part
        return self._copy(held, _AMOUNT, amount)

    def _config(self, address: Pubkey, fee: int) -> Pubkey:
        return self._copy(snapshot().account(address), _TRADE_RATE, fee)

    def _copy(self, account: AccountData, offset: int, value: int) -> Pubkey:
        data = put(account.data, offset, value.to_bytes(8, "little"))
        copy = Pubkey.new_unique()
        self.accounts[copy] = AccountData(account.owner, account.lamports, data)
        return copy

    def state(self) -> Snapshot:
        return Snapshot(snapshot().clock, {**snapshot().accounts, **self.accounts})

    def opened(self, *addresses: Pubkey) -> list[Pool]:
        found = ((address, self.accounts[address]) for address in addresses)
        return [CPMM.open_pool(address, account) for address, account in found if account]

    async def program_accounts(
        self, program_id: Pubkey, query: AccountFilter, /
    ) -> list[tuple[Pubkey, AccountData]]:
        size = query.data_size
        mine = ((address, one) for address, one in self.accounts.items() if one and len(one.data) == size)
        return [(address, one) for address, one in mine if one.owner == program_id]

    async def snapshot(self, addresses: Sequence[Pubkey], /) -> Snapshot:
        self.snapshots_read += 1
        if self.fails:
            raise ChainBusy("429")
        state = self.state()
        return Snapshot(state.clock, {address: state.accounts.get(address) for address in addresses})


def put(data: bytes, offset: int, value: bytes) -> bytes:
    return data[:offset] + value + data[offset + len(value) :]


def pubkey_at(data: bytes, offset: int) -> Pubkey:
    return Pubkey.from_bytes(data[offset : offset + 32])


def judged(market: Market, addresses: Sequence[Pubkey], always: Collection[Pubkey] = ()) -> Judged:
    return judge(market.opened(*addresses), market.state(), PAIR, 3_000, always)


def kept(found: Judged) -> list[Pubkey]:
    return [pool.address for pool in found.kept]


def test_what_pools_say_of_themselves_does_not_rank_them() -> None:
    market = Market()
    boasting = market.add(part=50, lp_supply=2**63)
    modest = market.add(lp_supply=1)
    assert [pool.depth for pool in market.opened(boasting, modest)] == [2**63, 1]

    assert kept(judged(market, [boasting, modest])) == [modest, boasting]


def test_of_pools_as_large_the_cheaper_one_comes_first() -> None:
    market = Market()
    dear, cheap = market.add(fee=10_000), market.add(fee=100)

    assert kept(judged(market, [dear, cheap])) == [cheap, dear]


def test_a_small_pool_is_kept_and_dust_is_not() -> None:
    market = Market()
    large, small, dust = market.add(), market.add(part=5_000), market.add(part=20_000)
    found = judged(market, [dust, small, large])

    assert kept(found) == [large, small]
    assert [(error.pool, error.code) for error in found.dropped] == [(dust, "POOL_IS_DUST")]


def test_a_pool_without_anything_is_dust_also_when_it_is_alone() -> None:
    market = Market()
    empty = market.add(part=10**18)

    assert kept(judged(market, [empty])) == []


@pytest.mark.parametrize(("fee", "is_kept"), [(160_000, True), (170_000, False)])
def test_a_pool_that_loses_more_than_the_bound_is_dropped(fee: int, is_kept: bool) -> None:
    # Twice 16 % leaves 70.6 %, twice 17 % leaves 68.9 %.
    market = Market()
    usual, taker = market.add(), market.add(fee=fee)
    found = judged(market, [usual, taker])

    assert (taker in kept(found)) is is_kept
    assert [error.code for error in found.dropped] == ([] if is_kept else ["POOL_LOSES"])


def test_pools_of_the_settings_are_kept_whatever_they_are() -> None:
    market = Market()
    large, dust, taker = market.add(), market.add(part=10**9), market.add(fee=500_000)

    assert set(kept(judged(market, [large, dust, taker], {dust, taker}))) == {large, dust, taker}


def test_what_each_pool_holds_is_known() -> None:
    market = Market()
    address = market.add(part=10)
    [pool] = market.opened(address)
    amounts = {mint: _amount(market, vault) for mint, vault in zip(pool.mints, pool.vaults, strict=True)}

    assert judged(market, [address]).held == {address: (amounts[PAIR[0]], amounts[PAIR[1]])}


def _amount(market: Market, vault: Pubkey) -> int:
    return int.from_bytes(market.state().account(vault).data[_AMOUNT : _AMOUNT + 8], "little")


def directory(market: Market, **more: int) -> PoolDirectory:
    return PoolDirectory(market, [CPMM], judge=ChainJudge(market, 3_000), **more)


async def addresses(of: PoolDirectory, pair: Pair = PAIR) -> list[Pubkey]:
    return [pool.address for pool in (await of.pools(*pair)).pools]


async def test_a_directory_gives_the_best_and_not_the_loudest() -> None:
    market = Market()
    loud = [market.add(part=100, lp_supply=2**62 + number) for number in range(10)]
    large = market.add(lp_supply=1)
    found = directory(market, pools_per_venue=3)

    assert (await addresses(found))[0] == large
    assert len(await addresses(found)) == 3
    every = await found.every_pool(*PAIR)
    assert {pool.address for pool in every.pools} == {large, *loud}


async def test_pools_are_measured_once_for_each_look_up() -> None:
    market = Market()
    market.add()
    found = directory(market)
    await addresses(found)
    read = market.snapshots_read
    await addresses(found)
    await addresses(found, PAIR[::-1])

    assert market.snapshots_read == read


async def test_where_no_pool_is_left_it_says_why() -> None:
    market = Market()
    taker = market.add(fee=500_000)
    found = await directory(market).pools(*PAIR)

    assert found.pools == ()
    assert [(error.pool, error.code) for error in found.errors] == [(taker, "POOL_LOSES")]


async def test_without_a_measure_the_pools_are_used_as_they_are() -> None:
    market = Market()
    one, other = market.add(lp_supply=5), market.add(lp_supply=7)
    market.fails = True
    found = directory(market)

    assert await addresses(found) == [other, one]
    market.fails = False
    market.accounts[other] = None
    assert set(await addresses(found)) == {one, other}


async def test_discovery_names_what_the_pools_hold() -> None:
    market = Market()
    address = market.add()
    market.add(part=10**9)
    listed, errors = await directory(market).discover([PAIR])

    assert errors == []
    [found] = listed
    assert (found.address, found.mints) == (address, tuple(sorted(PAIR, key=bytes)))
    assert found.reserves is not None
    assert min(found.reserves) > 0
