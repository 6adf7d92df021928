"""All that a swap transaction is made of: the route, the wallet's accounts, what it bids. Pure.

SOL goes through a temporary token account that lives only inside the transaction, so that orders running
at the same time never share wrapped SOL and nothing is left behind. Every other token, one between two legs
too, goes through the wallet's associated account: what a first leg buys there its second spends to the unit,
so orders that share the account do not notice each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT, TOKEN_PROGRAM
from dex.errors import PolicyViolation, WrongOwner
from dex.transactions.instructions import temporary_account_address
from dex.transactions.token_accounts import TOKEN_ACCOUNT_RENT, TOKEN_PROGRAMS, associated_token_address
from dex.types import Path, PathAmounts, Quote, Route, Snapshot, Swap, SwapMode
from dex.venues.base import Pool, Venue


@dataclass(frozen=True, slots=True)
class Tip:
    """Lamports for who gets the transaction into a block."""

    account: Pubkey
    lamports: int


@dataclass(frozen=True)
class SwapPlan:
    """A route with its limits set, for ``payer``, over ``pools`` by address and ``venues`` by name.

    ``memo`` must differ between orders and attempts: it makes two equal swaps two transactions.
    ``account_seed`` is where the temporary account is, and nobody may know it beforehand.
    ``compute_unit_price`` is in micro-lamports a compute unit. ``lookup_tables`` shorten the message.
    """

    payer: Pubkey
    route: Route
    pools: Mapping[Pubkey, Pool]
    venues: Mapping[str, Venue]
    snapshot: Snapshot
    memo: str
    account_seed: str
    blockhash: Hash
    last_valid_block_height: int
    compute_unit_price: int = 0
    tip: Tip | None = None
    unit_limit: int | None = None
    lookup_tables: tuple[AddressLookupTableAccount, ...] = ()

    @property
    def token_in(self) -> Pubkey:
        return self.route.token_in

    @property
    def token_out(self) -> Pubkey:
        return self.route.token_out

    @cached_property
    def max_amount_in(self) -> int:
        """The most that the swaps may spend."""
        return sum(amounts.max_amount_in for amounts in self.route.path_amounts())

    @cached_property
    def account_in(self) -> Pubkey:
        """The token account that the swap spends from."""
        return self.account_of(self.token_in)

    @cached_property
    def account_out(self) -> Pubkey:
        """The token account that the swap pays into."""
        return self.account_of(self.token_out)

    @cached_property
    def tokens_bought(self) -> tuple[Pubkey, ...]:
        """The tokens between two legs and the one that the route ends with."""
        return (*self.route.middles, self.token_out)

    @cached_property
    def temporary_account(self) -> Pubkey | None:
        """The wrapped-SOL account of this transaction, if SOL is anywhere on the route."""
        if NATIVE_MINT not in (self.token_in, *self.tokens_bought):
            return None
        return self._seeded_account

    @cached_property
    def _seeded_account(self) -> Pubkey:
        return temporary_account_address(self.payer, self.account_seed)

    @property
    def temporary_account_lamports(self) -> int:
        """What the temporary account is created with: its rent, and the SOL to be swapped."""
        return TOKEN_ACCOUNT_RENT + (self.max_amount_in if self.token_in == NATIVE_MINT else 0)

    @cached_property
    def guarded_amount(self) -> int:
        """What the temporary account must hold after a split's last leg; 0 without a guard.

        Nothing else moves an account that the transaction makes itself, so its balance is what the legs have
        paid together: one may then pay less than its share where another pays more.
        """
        is_guarded = self.route.mode is SwapMode.EXACT_IN and self.token_out == NATIVE_MINT
        return self.route.min_amount_out if is_guarded and len(self.route.paths) > 1 else 0

    def account_of(self, mint: Pubkey) -> Pubkey:
        """The wallet's account for a token of the route."""
        if mint == NATIVE_MINT:
            return self._seeded_account
        return associated_token_address(self.payer, mint, self.token_program(mint))

    def token_program(self, mint: Pubkey) -> Pubkey:
        """The program of a mint by the snapshot, else SPL Token.

        A pool that does not read its mints can only trade SPL Token. Raises WrongOwner when the account
        in the snapshot is no mint.
        """
        account = self.snapshot.accounts.get(mint)
        if account is None:
            return TOKEN_PROGRAM
        if account.owner not in TOKEN_PROGRAMS:
            raise WrongOwner(f"{mint} is owned by {account.owner}, not by a token program")
        return account.owner

    def swaps(self) -> Iterator[tuple[Pool, Swap]]:
        """Each leg's pool and swap, in the order of their execution."""
        for path, amounts in zip(self.route.paths, self._amounts(), strict=True):
            first, *rest = path.legs
            if not rest:
                yield self._swap(first, self.route.mode, amounts)
                continue
            [last] = rest
            bought = first.amount_out
            yield self._swap(first, SwapMode.EXACT_OUT, PathAmounts(amounts.max_amount_in, bought))
            yield self._swap(last, SwapMode.EXACT_IN, PathAmounts(bought, amounts.min_amount_out))

    def require_sound(self) -> None:
        """Raise PolicyViolation for a plan that no transaction may carry.

        Each path spends and asks for at least 1, has one leg or two that meet, and leads from one token to
        another one; no pool is used twice.
        """
        route = self.route
        if route.token_in == route.token_out:
            raise PolicyViolation("a swap needs two different tokens")
        for path, amounts in zip(route.paths, route.path_amounts(), strict=True):
            if amounts.min_amount_out < 1:
                raise PolicyViolation("a swap must ask for at least 1 base unit")
            if amounts.max_amount_in < 1:
                raise PolicyViolation("a swap must spend at least 1 base unit")
            if not _leads(path, route):
                raise PolicyViolation("a path does not lead from the token in to the token out")
        pools = [leg.pool for leg in route.legs]
        if len(set(pools)) < len(pools):
            raise PolicyViolation("a pool stands in the route twice")

    def _amounts(self) -> Iterator[PathAmounts]:
        for path, amounts in zip(self.route.paths, self.route.path_amounts(), strict=True):
            least = amounts.min_amount_out
            if self.guarded_amount:
                # Twice as far below its quote as the route as a whole may fall.
                least = max(1, 2 * least - path.amount_out)
            yield PathAmounts(amounts.max_amount_in, least)

    def _swap(self, leg: Quote, mode: SwapMode, amounts: PathAmounts) -> tuple[Pool, Swap]:
        swap = Swap(
            payer=self.payer,
            token_in=leg.token_in,
            token_out=leg.token_out,
            account_in=self.account_of(leg.token_in),
            account_out=self.account_of(leg.token_out),
            amount_in=amounts.max_amount_in,
            amount_out=amounts.min_amount_out,
            mode=mode,
        )
        return self.pools[leg.pool], swap


def _leads(path: Path, route: Route) -> bool:
    first, *rest = path.legs
    ends = (first.token_in, path.legs[-1].token_out) == (route.token_in, route.token_out)
    if not rest:
        return ends
    meets = first.token_out == rest[0].token_in and first.amount_out == rest[0].amount_in
    return ends and meets and len(rest) == 1 and first.token_out not in (route.token_in, route.token_out)
