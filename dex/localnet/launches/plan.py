"""What a launch will be: token, pool, opening, fees. By seed and number, so repeatable.

A launch is asked for by `Wish`, which leaves open what it does not say; `plan_launch` decides the rest.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.localnet.genesis import localnet_keypair
from dex.types import Token


class LaunchVenue(StrEnum):
    """Where pools are launched, in the order in which they take turns."""

    CPMM = "raydium-cpmm"
    DAMM_V2 = "meteora-damm-v2"
    AMM_V4 = "raydium-amm-v4"
    CLMM = "raydium-clmm"
    DLMM = "meteora-dlmm"
    WHIRLPOOL = "orca-whirlpool"


# Pools that are created without liquidity; the others are funded by their creation.
CREATED_EMPTY: Final = frozenset({LaunchVenue.CLMM, LaunchVenue.DLMM, LaunchVenue.WHIRLPOOL})


class FeeKind(StrEnum):
    """The base fee of a DAMM v2 pool: always the same, falling with time, growing with a purchase."""

    FLAT = "flat"
    LINEAR = "linear"
    EXPONENTIAL = "exponential"
    RATE_LIMITER = "rateLimiter"


class Trap(StrEnum):
    """By which a buyer loses what it has paid.

    FREEZE: the freeze authority freezes what buyers hold, some slots after each purchase. TRANSFER_FEE: the
    fee of a Token-2022 mint is raised to 99 % after the opening. LIQUIDITY: the creator takes nearly all out
    of the pool right after the opening. HOOK: a Token-2022 mint gets a transfer hook after the opening, which
    refuses every transfer. NON_TRANSFERABLE: the token cannot be moved at all.
    """

    FREEZE = "freeze"
    TRANSFER_FEE = "transferFee"
    LIQUIDITY = "liquidityPulled"
    HOOK = "transferHook"
    NON_TRANSFERABLE = "nonTransferable"


OF_TOKEN_2022: Final = frozenset({Trap.TRANSFER_FEE, Trap.HOOK, Trap.NON_TRANSFERABLE})
# Where each trap can be set: AMM v4 takes no tokens of Token-2022, and LP tokens are those of three venues.
VENUES_OF_TRAP: Final[Mapping[Trap, frozenset[LaunchVenue]]] = {
    Trap.FREEZE: frozenset(LaunchVenue),
    Trap.LIQUIDITY: frozenset({LaunchVenue.CPMM, LaunchVenue.DAMM_V2, LaunchVenue.AMM_V4}),
    **{trap: frozenset({LaunchVenue.CPMM, LaunchVenue.DAMM_V2}) for trap in OF_TOKEN_2022},
}
_LAUNCHES_PER_TRAP: Final = 10

QUOTES: Final = ("SOL", "USDC")
LONGEST_WAIT_SLOTS: Final = 100_000
SUPPLY_TOKENS: Final = 1_000_000_000
_DECIMALS: Final = (6, 8, 9)
_SHARES_IN_POOL: Final = (80, 90, 95, 100)
# Whole quote tokens that a pool begins with, lowest and highest.
_LIQUIDITY: Final[Mapping[str, tuple[int, int]]] = {"SOL": (20, 200), "USDC": (4_000, 40_000)}
_WAIT_SLOTS: Final = (20, 60)
_CREATORS: Final = 8
_CONSONANTS, _VOWELS = "BDFGKLMNPRSTVZ", "AEIOU"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of a launch; None is left to the seed. ``liquidity`` in whole quote tokens."""

    venue: LaunchVenue | None = None
    quote: str | None = None
    opens_in_slots: int | None = None
    liquidity: int | None = None
    fee: FeeKind | None = None
    trap: Trap | None = None


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """A launch, before anything of it is on chain.

    ``pooled`` are whole tokens of the supply that go into the pool, ``liquidity`` whole tokens of ``quote``.
    The pool opens (those created empty: is funded) ``opens_in_slots`` after its creation. ``by_slot`` has a
    DAMM v2 pool count in slots rather than in seconds.
    """

    number: int
    venue: LaunchVenue
    token: Token
    quote: Token
    creator: Keypair
    pooled: int
    liquidity: int
    opens_in_slots: int
    fee: FeeKind
    by_slot: bool
    trap: Trap | None

    @property
    def burns_lp(self) -> bool:
        """Whether nobody can take the liquidity out of the pool again."""
        return self.trap is not Trap.LIQUIDITY

    @property
    def token_program(self) -> Pubkey:
        return TOKEN_2022_PROGRAM if self.trap in OF_TOKEN_2022 else TOKEN_PROGRAM

    @property
    def price(self) -> tuple[int, int]:
        """Quote base units a token base unit, as a fraction."""
        return self.liquidity * 10**self.quote.decimals, self.pooled * 10**self.token.decimals


def mint_keypair(number: int, seed: int) -> Keypair:
    """The key of the mint of launch ``number``."""
    return localnet_keypair(f"launch {number}", seed)


def plan_launch(number: int, seed: int, tokens: Mapping[str, Token], wish: Wish) -> LaunchPlan:
    """The launch with this number; ``tokens`` by symbol hold the quote tokens."""
    # Repeatable by its seed, and nothing secret hangs on it.
    chance = random.Random(f"localnet launch {seed} {number}")  # noqa: S311
    token = _token(mint_keypair(number, seed).pubkey(), chance)
    quote = tokens[wish.quote or chance.choice(QUOTES)]
    return LaunchPlan(
        number=number,
        venue=wish.venue or list(LaunchVenue)[number % len(LaunchVenue)],
        token=token,
        quote=quote,
        creator=localnet_keypair(f"launch creator {chance.randrange(_CREATORS)}", seed),
        pooled=SUPPLY_TOKENS // 100 * chance.choice(_SHARES_IN_POOL),
        liquidity=_chosen(wish.liquidity, chance.randint(*_LIQUIDITY[quote.symbol])),
        opens_in_slots=_chosen(wish.opens_in_slots, chance.randint(*_WAIT_SLOTS)),
        fee=wish.fee or chance.choice(list(FeeKind)),
        by_slot=chance.choice((True, False)),
        trap=wish.trap,
    )


def wish_in_turn(number: int) -> Wish:
    """What launch ``number`` is if nobody asks for anything: every tenth one is a trap, each kind in turn."""
    in_turn = list(LaunchVenue)[number % len(LaunchVenue)]
    nth, position = divmod(number, _LAUNCHES_PER_TRAP)
    if position != _LAUNCHES_PER_TRAP - 1:
        return Wish(in_turn)
    trap = list(Trap)[nth % len(Trap)]
    venues = VENUES_OF_TRAP[trap]
    elsewhere = (LaunchVenue.CPMM, LaunchVenue.DAMM_V2)[nth % 2]
    return Wish(in_turn if in_turn in venues else elsewhere, trap=trap)


def _chosen(wished: int | None, drawn: int) -> int:
    return drawn if wished is None else wished


def _token(mint: Pubkey, chance: random.Random) -> Token:
    symbol = "".join(chance.choice(_CONSONANTS) + chance.choice(_VOWELS) for _ in range(3))
    return Token(symbol, f"{symbol.capitalize()} of localnet", mint, chance.choice(_DECIMALS))
