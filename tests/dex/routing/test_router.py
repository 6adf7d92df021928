"""Choosing the best quote."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from solders.pubkey import Pubkey

from dex.errors import NoRoute
from dex.routing.router import accounts_of, best_quote, quote_all
from dex.types import AccountData, QuoteRequest, Snapshot, SwapMode, VenueError
from dex.venues.base import Pool, Venue
from dex.venues.registry import venues_for
from tests.dex.recorded_swaps import AMM_V4, CPMM, DAMM_V2, WHIRLPOOL, Recorded, recorded


def address(number: int) -> Pubkey:
    return Pubkey.from_bytes(bytes([number]) * 32)


def market(first: Recorded, second: Recorded) -> tuple[Snapshot, QuoteRequest, Pool, Pool]:
    """Two recorded pools moved onto one pair: the second one's mints are written into its bytes."""
    mints = first.pool.mints
    account = second.snapshot.account(second.pool.address)
    data = account.data[:168] + bytes(mints[0]) + bytes(mints[1]) + account.data[232:]
    moved = AccountData(account.owner, account.lamports, data)
    accounts = {**second.snapshot.accounts, **first.snapshot.accounts, second.pool.address: moved}
    snapshot = replace(first.snapshot, accounts=accounts)
    return snapshot, first.request, first.pool, second.venue.open_pool(second.pool.address, moved)


@pytest.fixture
def two_venues() -> tuple[Snapshot, QuoteRequest, Pool, Pool]:
    return market(recorded(CPMM)["cpmm-0"], recorded(DAMM_V2)["damm-208"])


def copies(entry: Recorded, addresses: Sequence[Pubkey]) -> tuple[list[Pool], Snapshot]:
    """The same pool at several addresses: equal quotes."""
    account = entry.snapshot.account(entry.pool.address)
    accounts = {**entry.snapshot.accounts, **dict.fromkeys(addresses, account)}
    return [entry.venue.open_pool(at, account) for at in addresses], replace(
        entry.snapshot, accounts=accounts
    )


def test_the_most_output_wins_and_the_loser_is_kept(
    two_venues: tuple[Snapshot, QuoteRequest, Pool, Pool],
) -> None:
    snapshot, request, raydium, meteora = two_venues
    each = {pool.venue: pool.quote(snapshot, request).amount_out for pool in (raydium, meteora)}

    quotes = quote_all(request, [raydium, meteora], snapshot)

    assert each["raydium-cpmm"] == 461_021
    assert [quote.amount_out for quote in quotes.quotes] == sorted(each.values(), reverse=True)
    assert best_quote(quotes).amount_out == max(each.values())
    assert (quotes.request, quotes.slot, quotes.errors) == (request, 400_000_000, ())


def test_the_least_input_wins_when_the_output_is_fixed(
    two_venues: tuple[Snapshot, QuoteRequest, Pool, Pool],
) -> None:
    snapshot, request, raydium, meteora = two_venues
    wish = replace(request, amount=1_000, mode=SwapMode.EXACT_OUT)

    quotes = quote_all(wish, [raydium, meteora], snapshot)

    paid = [quote.amount_in for quote in quotes.quotes]
    assert len(paid) == 2
    assert paid == sorted(paid)
    assert best_quote(quotes).amount_in == min(paid)


@pytest.mark.parametrize("mode", list(SwapMode))
def test_equal_quotes_are_ordered_by_address_whatever_the_order_of_pools(mode: SwapMode) -> None:
    entry = recorded(CPMM)["cpmm-0"]
    addresses = [address(number) for number in (9, 3, 200, 77)]
    pools, snapshot = copies(entry, addresses)
    request = replace(entry.request, mode=mode)
    shuffled = random.Random(7)

    for _ in range(10):
        shuffled.shuffle(pools)
        quotes = quote_all(request, pools, snapshot).quotes
        assert [str(quote.pool) for quote in quotes] == sorted(map(str, addresses))


def test_equal_quotes_of_two_venues_are_ordered_by_venue_name() -> None:
    entry = recorded(CPMM)["cpmm-0"]
    quote = entry.pool.quote(entry.snapshot, entry.request)
    same = [FixedPool(entry.pool, replace(quote, venue=venue)) for venue in ("zebra", "meteora", "raydium")]

    ordered = quote_all(entry.request, same, entry.snapshot).quotes

    assert [quote.venue for quote in ordered] == ["meteora", "raydium", "zebra"]


class FixedPool:
    """A pool of a venue that this project has no adapter for, with a given answer."""

    def __init__(self, like: Pool, answer: object) -> None:
        self._like, self._answer = like, answer

    def __getattr__(self, name: str) -> object:
        return getattr(self._like, name)

    def quote(self, snapshot: Snapshot, request: QuoteRequest) -> object:
        return self._answer


def test_every_pool_without_a_quote_keeps_its_error_after_those_of_discovery(
    two_venues: tuple[Snapshot, QuoteRequest, Pool, Pool],
) -> None:
    snapshot, request, raydium, meteora = two_venues
    gone = replace(snapshot, accounts={**snapshot.accounts, meteora.address: None})
    found = VenueError("raydium-clmm", "CHAIN_BUSY", "429")

    quotes = quote_all(request, [meteora, raydium], gone, [found])

    assert [quote.venue for quote in quotes.quotes] == ["raydium-cpmm"]
    assert quotes.errors[0] == found
    assert [(e.venue, e.code, e.pool) for e in quotes.errors[1:]] == [
        ("meteora-damm-v2", "ACCOUNT_MISSING", meteora.address)
    ]


def test_no_quote_is_no_route_with_every_reason() -> None:
    entry = recorded(CPMM)["cpmm-0"]
    quotes = quote_all(replace(entry.request, amount=1), [entry.pool], entry.snapshot)

    with pytest.raises(NoRoute, match="raydium-cpmm AMOUNT_TOO_SMALL"):
        best_quote(quotes)


def test_no_pool_is_no_route() -> None:
    entry = recorded(CPMM)["cpmm-0"]

    with pytest.raises(NoRoute, match="no venue has a pool"):
        best_quote(quote_all(entry.request, [], entry.snapshot))


def test_accounts_of_pools_are_named_once(two_venues: tuple[Snapshot, QuoteRequest, Pool, Pool]) -> None:
    _, _, raydium, meteora = two_venues

    names = accounts_of([raydium, meteora, raydium])

    # Six of the CPMM pool; the other pool adds itself, for they share the mints.
    assert names == (*raydium.accounts, meteora.address)


def test_a_quote_of_any_venue_leads_back_to_its_venue() -> None:
    names: dict[str, Venue] = {venue.name: venue for venue in venues_for("localnet")}

    for path, case in ((CPMM, "cpmm-0"), (DAMM_V2, "damm-3"), (AMM_V4, "ammv4-0")):
        entry = recorded(path)[case]
        assert names[entry.pool.venue].program_id == entry.venue.program_id


def test_a_pool_that_would_take_a_part_of_the_input_has_no_quote() -> None:
    entry = recorded(WHIRLPOOL)["whirlpool-10.0-17"]
    part = entry.pool.quote(entry.snapshot, entry.request).amount_in
    quotes = quote_all(entry.request, [entry.pool], entry.snapshot)

    assert 0 < part < entry.request.amount
    assert quotes.quotes == ()
    assert [error.code for error in quotes.errors] == ["INSUFFICIENT_LIQUIDITY"]
    whole = quote_all(replace(entry.request, amount=part), [entry.pool], entry.snapshot)
    assert whole.quotes[0].amount_in == part
