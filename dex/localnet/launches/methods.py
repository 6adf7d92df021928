"""Launches on demand.

localnet_launch {"venue", "quote", "opensInSlots", "liquidity", "fee", "trap"}   launches a token now,
                            answers it: number, venue, pool, mint, symbol, decimals, quote, creator, fee,
                            trap, signature (null: no transaction made it), createdSlot, fundedSlot,
                            openedSlot, sprungSlot (null until then), opening {unit, point, after} or null.
                            ``venue`` raydium-cpmm, meteora-damm-v2,
                            raydium-amm-v4, raydium-clmm, meteora-dlmm or orca-whirlpool; ``quote`` SOL or
                            USDC, ``liquidity`` whole tokens of it; ``fee`` of a DAMM v2 pool: flat, linear,
                            exponential or rateLimiter; ``trap`` freeze, transferFee, liquidityPulled,
                            transferHook or nonTransferable. The seed chooses what is not given; without
                            ``trap`` it is none
localnet_launches [{"from"}]   every launch since the start of the network, as above, from that number on

Only localnet knows what it answers about openings and traps; nothing of it is on chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dex.localnet.account_methods import with_context
from dex.localnet.errors import invalid_params
from dex.localnet.launches.launcher import Launcher
from dex.localnet.launches.plan import (
    LONGEST_WAIT_SLOTS,
    QUOTES,
    VENUES_OF_TRAP,
    FeeKind,
    LaunchVenue,
    Trap,
    Wish,
)
from dex.localnet.parameters import Options, Parameters, as_options

if TYPE_CHECKING:
    from dex.localnet.chain import Chain
    from dex.localnet.dispatch import Method

_FIELDS = ("venue", "quote", "opensInSlots", "liquidity", "fee", "trap")
_MOST_LIQUIDITY = 1_000_000


class LaunchMethods:
    """The methods over a launcher."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher

    def methods(self) -> Mapping[str, Method]:
        """The methods by name."""
        return {"localnet_launch": self._launch, "localnet_launches": self._launches}

    def _launch(self, chain: Chain, parameters: Parameters) -> object:
        record = self._launcher.launch(_wish(parameters.value(0)))
        return with_context(chain.slot, record.as_json())

    def _launches(self, chain: Chain, parameters: Parameters) -> object:
        first = parameters.options(0).integer("from") or 0
        found = [each.as_json() for each in self._launcher.records if each.plan.number >= first]
        return with_context(chain.slot, found)


def _wish(found: object) -> Wish:
    """Raises -32602."""
    options = Options({}) if found is None else as_options(found)
    if isinstance(found, dict) and (unknown := sorted(found.keys() - set(_FIELDS))):
        raise invalid_params(f"Invalid params: unknown field `{unknown[0]}`")
    venue = _choice(options, "venue", tuple(LaunchVenue))
    fee = _choice(options, "fee", tuple(FeeKind))
    trap = _trap(options)
    if trap is not None and (venue or LaunchVenue.CPMM) not in VENUES_OF_TRAP[trap]:
        raise invalid_params(f"Invalid params: no trap of this kind on {venue}")
    return Wish(
        # A trap that names no venue is on one that takes all kinds.
        venue=LaunchVenue(venue) if venue else LaunchVenue.CPMM if trap else None,
        quote=_choice(options, "quote", QUOTES),
        opens_in_slots=_at_most(options, "opensInSlots", LONGEST_WAIT_SLOTS),
        liquidity=_at_most(options, "liquidity", _MOST_LIQUIDITY),
        fee=None if fee is None else FeeKind(fee),
        trap=trap,
    )


def _trap(options: Options) -> Trap | None:
    found = _choice(options, "trap", tuple(Trap))
    return None if found is None else Trap(found)


def _choice(options: Options, name: str, allowed: tuple[str, ...]) -> str | None:
    return options.choice(name, allowed, allowed[0]) if name in options else None


def _at_most(options: Options, name: str, most: int) -> int | None:
    number = options.integer(name)
    if number is not None and number > most:
        raise invalid_params(f"Invalid params: `{name}` is at most {most}")
    return number
