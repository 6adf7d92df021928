"""One contract for every venue of every network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.config import SYSTEM_PROGRAM
from dex.errors import NoQuote, PoolRefused, UnknownInstruction, UnknownLayout, WrongMint, WrongOwner
from dex.types import AccountData, FailureKind, Swap, SwapMode
from dex.venues.base import Venue
from dex.venues.registry import EXTRA_VENUES, NETWORKS, venues_for
from tests.dex.recorded_swaps import (
    AMM_V4,
    CLMM,
    CPMM,
    DAMM_V2,
    DLMM,
    PUMPSWAP,
    WHIRLPOOL,
    Recorded,
    recorded,
)

RECORDINGS: dict[str, Path] = {
    "raydium-cpmm": CPMM,
    "raydium-amm-v4": AMM_V4,
    "meteora-damm-v2": DAMM_V2,
    "meteora-dlmm": DLMM,
    "raydium-clmm": CLMM,
    "orca-whirlpool": WHIRLPOOL,
    "orca-whirlpool-immutable": WHIRLPOOL,
    "pumpswap": PUMPSWAP,
}
# Their instructions list as many tick or bin arrays as a swap may need.
LISTING_ARRAYS = ("meteora-dlmm", "raydium-clmm")
ONE_PRICE_A_BIN = ("meteora-dlmm",)
ALL_VENUES = [
    pytest.param(venue, id=f"{network}-{venue.name}")
    for network in NETWORKS
    for venue in venues_for(network, EXTRA_VENUES)
]
MAINNET_VENUES = [pytest.param(venue, id=venue.name) for venue in venues_for("mainnet-beta", EXTRA_VENUES)]


def sample(venue: Venue) -> Recorded:
    """A recorded swap that paid enough to move a price, in a direction that has exact outputs too."""
    return next(
        entry
        for entry in recorded(RECORDINGS[venue.name]).values()
        if entry.venue.name == venue.name
        and entry.request.mode is SwapMode.EXACT_IN
        and int(paid_out(entry.case)) > 10**7
    )


def paid_out(case: Any) -> str:
    """What the program paid, or its SDK said of a purchase from a pool of the present release."""
    if case["onchain"] or "sdk_function" not in case:
        return (case["onchain"] or {}).get("received", "0")
    usable = case["sdk_function"] == "buy_quote" and case["pool_layout"] == "full"
    return case["sdk"]["result"] if usable else "0"


def test_networks_have_the_same_venues_and_localnet_mainnets_programs() -> None:
    names = {network: [venue.name for venue in venues_for(network)] for network in NETWORKS}
    programs = {network: {venue.program_id for venue in venues_for(network)} for network in NETWORKS}

    assert names["mainnet-beta"] == names["localnet"] == sorted(RECORDINGS.keys() - set(EXTRA_VENUES))
    assert set(names["mainnet-beta"]) - set(names["devnet"]) == {"orca-whirlpool-immutable"}
    assert programs["localnet"] == programs["mainnet-beta"]
    assert programs["devnet"] - programs["mainnet-beta"]


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(ValueError, match="testnet"):
        venues_for("testnet")


def test_an_extra_venue_is_there_only_when_it_is_named() -> None:
    for network in NETWORKS:
        added = {venue.name for venue in venues_for(network, ["pumpswap"])}
        assert added - {venue.name for venue in venues_for(network)} == {"pumpswap"}

    with pytest.raises(ValueError, match="serum"):
        venues_for("devnet", ["serum"])


def test_every_venue_has_recordings() -> None:
    assert set(RECORDINGS) == {venue.name for venue in venues_for("mainnet-beta", EXTRA_VENUES)}


@pytest.mark.parametrize("venue", ALL_VENUES)
def test_a_venue_names_itself_and_its_needs(venue: Venue) -> None:
    assert venue.name.startswith(venue.dex)
    assert 0 < venue.compute_units <= 1_000_000
    assert venue.classify_failure(0, []) is FailureKind.OTHER


@pytest.mark.parametrize("venue", ALL_VENUES)
def test_a_venue_refuses_foreign_and_malformed_accounts(venue: Venue) -> None:
    address = Pubkey.new_unique()

    with pytest.raises(WrongOwner):
        venue.open_pool(address, AccountData(SYSTEM_PROGRAM, 1, bytes(637)))
    for data in (b"", bytes(8), bytes(637), bytes(1112)):
        with pytest.raises(UnknownLayout):
            venue.open_pool(address, AccountData(venue.program_id, 1, data))


@pytest.mark.parametrize("venue", MAINNET_VENUES)
def test_a_pool_describes_itself(venue: Venue) -> None:
    entry = sample(venue)

    assert entry.pool.venue == venue.name
    assert entry.pool.accounts[0] == entry.pool.address
    assert len(set(entry.pool.accounts)) == len(entry.pool.accounts)
    assert set(entry.pool.mints) <= set(entry.pool.accounts)
    assert len(entry.pool.vaults) == 2
    assert entry.pool.depth > 0


@pytest.mark.parametrize("venue", MAINNET_VENUES)
def test_filters_match_the_pool_in_either_order_of_mints(venue: Venue) -> None:
    entry = sample(venue)
    data = entry.snapshot.account(entry.pool.address).data

    for mints in (entry.pool.mints, entry.pool.mints[::-1]):
        matching = [
            query
            for query in venue.pool_filters(*mints)
            if query.data_size in (None, len(data))
            and all(data[offset : offset + len(wanted)] == wanted for offset, wanted in query.memcmp)
        ]
        assert len(matching) == 1


@pytest.mark.parametrize("venue", MAINNET_VENUES)
def test_quotes_are_pure_and_answer_the_request(venue: Venue) -> None:
    entry = sample(venue)
    quote = entry.pool.quote(entry.snapshot, entry.request)

    assert quote == entry.pool.quote(entry.snapshot, entry.request)
    assert (quote.dex, quote.venue, quote.pool) == (venue.dex, venue.name, entry.pool.address)
    assert (quote.token_in, quote.token_out) == (entry.request.token_in, entry.request.token_out)
    assert quote.amount_in == entry.request.amount
    assert quote.fee_mint in entry.pool.mints
    assert 0 <= quote.price_impact_bps <= 10_000
    assert quote.slot == entry.snapshot.clock.slot


@pytest.mark.parametrize("venue", MAINNET_VENUES)
def test_more_input_never_pays_less(venue: Venue) -> None:
    entry = sample(venue)
    paid = []
    for share in (1, 2, 3, 5, 8):
        amount = max(1, entry.request.amount * share // 8)
        paid.append(entry.pool.quote(entry.snapshot, replace(entry.request, amount=amount)).amount_out)

    assert paid == sorted(paid)


@pytest.mark.parametrize("venue", MAINNET_VENUES)
@pytest.mark.parametrize("mode", list(SwapMode))
def test_a_pool_refuses_foreign_mints_and_impossible_amounts(venue: Venue, mode: SwapMode) -> None:
    entry = sample(venue)
    request = replace(entry.request, mode=mode)

    with pytest.raises(WrongMint):
        entry.pool.quote(entry.snapshot, replace(request, token_in=Pubkey.new_unique()))
    for amount in (-1, 0, 2**64):
        with pytest.raises((NoQuote, PoolRefused)):
            entry.pool.quote(entry.snapshot, replace(request, amount=amount))


def some_swap(entry: Recorded, mode: SwapMode) -> Swap:
    return Swap(
        payer=Pubkey.new_unique(),
        token_in=entry.request.token_in,
        token_out=entry.request.token_out,
        account_in=Pubkey.new_unique(),
        account_out=Pubkey.new_unique(),
        amount_in=1000,
        amount_out=10,
        mode=mode,
    )


@pytest.mark.parametrize("venue", MAINNET_VENUES)
@pytest.mark.parametrize("mode", list(SwapMode))
def test_a_swap_is_one_instruction_that_only_the_payer_signs(venue: Venue, mode: SwapMode) -> None:
    entry = sample(venue)
    swap = some_swap(entry, mode)
    (instruction,) = entry.pool.swap_instructions(entry.snapshot, swap)
    writable = {meta.pubkey for meta in instruction.accounts if meta.is_writable}

    assert instruction.program_id == venue.program_id
    assert [meta.pubkey for meta in instruction.accounts if meta.is_signer] == [swap.payer]
    assert {entry.pool.address, swap.account_in, swap.account_out} <= writable


@pytest.mark.parametrize("venue", MAINNET_VENUES)
@pytest.mark.parametrize("mode", list(SwapMode))
def test_decoding_gives_back_what_went_into_the_instruction(venue: Venue, mode: SwapMode) -> None:
    entry = sample(venue)
    swap = some_swap(entry, mode)
    (instruction,) = entry.pool.swap_instructions(entry.snapshot, swap)
    decoded = venue.decode_swap(instruction)

    assert (decoded.venue, decoded.pool, decoded.payer) == (venue.name, entry.pool.address, swap.payer)
    assert (decoded.account_in, decoded.account_out) == (swap.account_in, swap.account_out)
    assert (decoded.mode, decoded.amount_in, decoded.amount_out) == (mode, 1000, 10)
    assert set(decoded.vaults) == set(entry.pool.vaults)
    assert decoded.sells_first in (None, swap.token_in == entry.pool.mints[0])


@pytest.mark.parametrize("venue", MAINNET_VENUES)
@pytest.mark.parametrize("mode", list(SwapMode))
def test_only_the_adapters_own_instructions_are_decoded(venue: Venue, mode: SwapMode) -> None:
    entry = sample(venue)
    (made,) = entry.pool.swap_instructions(entry.snapshot, some_swap(entry, mode))
    data, accounts = bytes(made.data), list(made.accounts)
    stranger = AccountMeta(Pubkey.new_unique(), False, True)
    others = [
        Instruction(Pubkey.new_unique(), data, accounts),
        Instruction(made.program_id, bytes([data[0] ^ 1]) + data[1:], accounts),
        Instruction(made.program_id, data + bytes(1), accounts),
        Instruction(made.program_id, data[:-1], accounts),
        Instruction(made.program_id, data[:1], accounts),
        Instruction(made.program_id, b"", accounts),
        Instruction(made.program_id, data, accounts[:12]),
        Instruction(made.program_id, data, [*accounts, *[stranger] * 16]),
        Instruction(made.program_id, data, []),
    ]
    if venue.name not in LISTING_ARRAYS:
        others.append(Instruction(made.program_id, data, accounts[:-1]))
        others.append(Instruction(made.program_id, data, [*accounts, stranger]))

    for other in others:
        with pytest.raises(UnknownInstruction):
            venue.decode_swap(other)


@pytest.mark.parametrize("venue", MAINNET_VENUES)
@pytest.mark.parametrize("mode", list(SwapMode))
def test_a_next_quote_sees_what_the_last_one_left(venue: Venue, mode: SwapMode) -> None:
    entry = sample(venue)
    sold = entry.pool.quote(entry.snapshot, entry.request)
    amount = sold.amount_in if mode is SwapMode.EXACT_IN else sold.amount_out // 2
    request = replace(entry.request, amount=amount, mode=mode)
    first = entry.pool.quote(entry.snapshot, request)
    left = entry.pool.after(entry.snapshot, first)
    second = entry.pool.quote(left, request)

    # A venue with one price for a whole range may serve the second order as well as the first.
    assert second != first or venue.name in ONE_PRICE_A_BIN
    assert left.accounts != entry.snapshot.accounts
    assert first == entry.pool.quote(entry.snapshot, request)
    written = {entry.pool.address, *entry.pool.vaults, *entry.pool.further_accounts(entry.snapshot, request)}
    unchanged = set(entry.snapshot.accounts) - written
    assert all(left.accounts[address] == entry.snapshot.accounts[address] for address in unchanged)
