"""Which of the pools that a source shows are new, and what row each becomes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.conf import settings
from django.utils import timezone

from orders.gateway import SeenPool
from orders.launches.wanted import Wanted
from orders.models import Launch, LaunchSource
from orders.records import launches

# Pools that are known to be none of ours to look at; asked for again once there are so many.
_MOST_REMEMBERED: Final = 200_000


class Sightings:
    """Tells new pools from known ones; what it remembers is in the rows too."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        # Venues of which all pools were listed, so that one that is not known is a new one.
        self._listed: set[str] = set()

    def forget(self) -> None:
        """Begin anew: another worker may have been at work meanwhile."""
        self._known.clear()
        self._listed.clear()

    def listed(self, venues: set[str]) -> None:
        """Note of which venues all pools are known."""
        self._listed = venues

    def new_among(
        self, pools: Iterable[SeenPool], wanted: Wanted, source: LaunchSource
    ) -> tuple[list[Launch], list[SeenPool]]:
        """Rows, not yet written, for those that are looked for and not known; and those that may be old."""
        if len(self._known) > _MOST_REMEMBERED:
            self._known.clear()
        rows, doubtful = [], []
        unknown = {one.pool: one for one in pools if one.pool not in self._known}
        asked = {pool: sides for pool, one in unknown.items() if (sides := wanted.sides(one.mints))}
        kept, old = launches.known_among(asked)
        for pool, (token, quote) in asked.items():
            is_named = token in wanted.mints
            if pool in kept or (pool in old and not is_named):
                self._known.add(pool)
            elif is_named or unknown[pool].signature or unknown[pool].venue in self._listed:
                self._known.add(pool)
                rows.append(_row(unknown[pool], token, quote, source))
            else:
                doubtful.append(unknown[pool])
        return rows, doubtful


def _row(seen: SeenPool, token: str, quote: str, source: LaunchSource) -> Launch:
    now = timezone.now()
    opens = seen.opens
    return Launch(
        network=settings.SOLANA_NETWORK,
        venue=seen.venue,
        pool=seen.pool,
        token_mint=token,
        quote_mint=quote,
        creator=seen.creator,
        signature=seen.signature,
        graduated_from=seen.graduated_from,
        source=source,
        seen_at=now,
        seen_slot=seen.slot,
        opens_unit="" if opens is None else opens.unit,
        opens_at_point=None if opens is None else opens.point,
        opens_after=opens is not None and opens.after,
        funded_at=now if seen.is_funded else None,
    )
