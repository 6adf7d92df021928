"""What the adapters of all venues share: the facts about a program and about an opened pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Generic, Protocol, TypeVar

from solders.pubkey import Pubkey

from dex.types import AccountFilter, FailureKind, Quote, QuoteRequest, Snapshot
from dex.venues.token_mint import TransferFee, mint_fee
from dex.venues.wallet_side import Trade

Value = TypeVar("Value")


class Errors(Protocol):
    """What a program's errors mean."""

    def classify(self, error_code: int, logs: Sequence[str]) -> FailureKind: ...


class VenueAdapter:
    """The part of a `Venue` that does not depend on its formulas."""

    def __init__(
        self,
        name: str,
        dex: str,
        program_id: Pubkey,
        *,
        compute_units: int,
        errors: Errors,
        error_names: Mapping[int, str],
    ) -> None:
        self.name: Final = name
        self.dex: Final = dex
        self.program_id: Final = program_id
        self.compute_units: Final = compute_units
        self.error_names: Final = error_names
        self._errors = errors

    def derived_pools(self, mint_a: Pubkey, mint_b: Pubkey) -> Sequence[Pubkey]:
        """None: the addresses of pools do not follow from the pair."""
        return ()

    def classify_failure(self, error_code: int, logs: Sequence[str]) -> FailureKind:
        """What a failed swap of this program means."""
        return self._errors.classify(error_code, logs)


class Kept(Generic[Value]):
    """What a pool's accounts come to in each direction, for as long as snapshots hold the same ones.

    Routing asks one state for many amounts. A value is kept with the accounts and the clock that it was
    worked out from and replaced in one assignment, so that threads may share it.
    """

    def __init__(self, accounts: Sequence[Pubkey], work_out: Callable[[Snapshot, bool], Value]) -> None:
        """``work_out`` gets a snapshot and whether the first mint is sold, and reads no other accounts."""
        self._accounts = accounts
        self._work_out = work_out
        self._known: dict[bool, tuple[tuple[object, ...], Value]] = {}

    def of(self, snapshot: Snapshot, sells_first: bool) -> Value:
        """The value by a snapshot; raises as ``work_out`` does."""
        contents = (snapshot.clock, *map(snapshot.accounts.get, self._accounts))
        known = self._known.get(sells_first)
        if known is None or known[0] != contents:
            known = self._known[sells_first] = contents, self._work_out(snapshot, sells_first)
        return known[1]


class PoolKeys(Protocol):
    """Addresses that every pool account names."""

    @property
    def mints(self) -> tuple[Pubkey, Pubkey]: ...

    @property
    def vaults(self) -> tuple[Pubkey, Pubkey]: ...


class PoolAdapter:
    """The part of a `Pool` that does not depend on its formulas: what was parsed once, and its quotes."""

    def __init__(
        self, dex: str, venue: str, address: Pubkey, keys: PoolKeys, *, depth: int, others: Sequence[Pubkey]
    ) -> None:
        """``others`` are the accounts beside the pool's own that every quote and swap reads."""
        self.dex: Final = dex
        self.venue: Final = venue
        self.address: Final = address
        self.mints: Final = keys.mints
        self.vaults: Final = keys.vaults
        self.depth: Final = depth
        self.accounts: Final[Sequence[Pubkey]] = (address, *others)

    def further_accounts(self, snapshot: Snapshot, request: QuoteRequest) -> Sequence[Pubkey]:
        """None: ``accounts`` is all that a quote reads."""
        return ()

    def _quote(
        self,
        snapshot: Snapshot,
        request: QuoteRequest,
        wallet: Trade,
        *,
        fee: int,
        impact_bps: int,
        fee_mint: Pubkey | None = None,
        compute_units: int = 0,
    ) -> Quote:
        """What ``wallet`` pays and receives, as a quote; the fee is of the token in where none is named."""
        return Quote(
            dex=self.dex,
            venue=self.venue,
            pool=self.address,
            token_in=request.token_in,
            token_out=request.token_out,
            amount_in=wallet.amount_in,
            amount_out=wallet.amount_out,
            fee_amount=fee,
            fee_mint=fee_mint or request.token_in,
            price_impact_bps=impact_bps,
            slot=snapshot.clock.slot,
            mode=request.mode,
            compute_units=compute_units,
        )


class MintKeys(PoolKeys, Protocol):
    """Those of a pool that names its mints' token programs."""

    @property
    def token_programs(self) -> tuple[Pubkey, Pubkey]: ...


def mint_fees(
    snapshot: Snapshot, keys: MintKeys, allowed: frozenset[int], *, sells_first: bool
) -> tuple[TransferFee, TransferFee]:
    """What transfers of the token in and of the token out bear; raises as `token_mint.transfer_fee`."""
    (mint_a, mint_b), (program_a, program_b) = keys.mints, keys.token_programs
    first = mint_fee(snapshot, mint_a, program_a, allowed)
    second = mint_fee(snapshot, mint_b, program_b, allowed)
    return (first, second) if sells_first else (second, first)


def either_order(
    size: int, offset_a: int, offset_b: int, mint_a: Pubkey, mint_b: Pubkey
) -> tuple[AccountFilter, ...]:
    """Two queries for a pair, where whoever creates a pool chooses which mint is the first."""
    return tuple(
        AccountFilter(size, ((offset_a, bytes(first)), (offset_b, bytes(second))))
        for first, second in ((mint_a, mint_b), (mint_b, mint_a))
    )


def smaller_first(
    size: int, offset_a: int, offset_b: int, mint_a: Pubkey, mint_b: Pubkey
) -> tuple[AccountFilter, ...]:
    """One query for a pair, where the program keeps the smaller mint first."""
    low, high = sorted((bytes(mint_a), bytes(mint_b)))
    return (AccountFilter(size, ((offset_a, low), (offset_b, high))),)
