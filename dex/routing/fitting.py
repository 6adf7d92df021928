"""Whether ways fit into one transaction together, asked once for the same pools. Pure.

The size of a transaction hangs on its pools far more than on the amounts that they swap. So the search goes
by what was found for the same pools before, and who takes a route asks for that one's own size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.routing.way import Part, route_of
from dex.types import Route, Snapshot, SwapMode

_REMEMBERED: Final = 8192
# The mode, and of each leg the pool and the token that it sells.
_Key = tuple[SwapMode, frozenset[tuple[Pubkey, Pubkey]]]


class Fitting:
    """Asks ``fits`` for routes, and remembers the answers by their pools."""

    def __init__(self, fits: Callable[[Route, Snapshot], bool]) -> None:
        self._fits = fits
        self._known: dict[_Key, bool] = {}
        self._roomy: dict[_Key, bool] = {}

    def asking(self, fits: Callable[[Route, Snapshot], bool]) -> Fitting:
        """One that asks ``fits``, which answers alike for the same pools; the two share what they know.

        Each look has its own: what it asks knows the pools of that look alone.
        """
        other = Fitting(fits)
        other._known, other._roomy = self._known, self._roomy
        return other

    def together(self, parts: Sequence[Part]) -> bool:
        """Whether the ways fit, each with its part of the amount."""
        first, _ = parts[0]
        key = first.mode, frozenset(step for way, _ in parts for step in way.steps)
        known = self._known.get(key)
        if known is not None:
            return known
        try:
            route = route_of(parts)
        except DexError:
            # Without a quote for this amount there is nothing to size; with another there may be.
            return True
        return self._remember(key, self._fits(route, first.snapshot))

    def has_room(self, route: Route, ask: Callable[[Route], bool]) -> bool:
        """Whether routes over these pools fit for any amount, which ``ask`` is asked once."""
        key = _key_of(route)
        known = self._roomy.get(key)
        if known is None:
            if len(self._roomy) >= _REMEMBERED:
                self._roomy.clear()
            known = self._roomy[key] = ask(route)
        return known

    def note_too_large(self, route: Route) -> None:
        """A route over these pools has turned out not to fit."""
        self._remember(_key_of(route), False)

    def _remember(self, key: _Key, fits: bool) -> bool:
        self._known.pop(key, None)
        self._known[key] = fits
        if len(self._known) > _REMEMBERED:
            self._known.pop(next(iter(self._known)), None)
        return fits


def _key_of(route: Route) -> _Key:
    return route.mode, frozenset((leg.pool, leg.token_in) for leg in route.legs)
