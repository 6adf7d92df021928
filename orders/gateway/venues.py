"""The venues of the settings: those of the network, and what EXTRA_VENUES switches on."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from django.conf import settings

from dex.config import NETWORKS
from dex.venues.base import Venue
from dex.venues.registry import EXTRA_VENUES, venues_for


def venues() -> tuple[Venue, ...]:
    """Those of the settings' network, in the order of their names."""
    return venues_for(settings.SOLANA_NETWORK, settings.EXTRA_VENUES)


def venue_config_errors() -> list[str]:
    """What is wrong with EXTRA_VENUES, in words."""
    unknown = sorted(set(settings.EXTRA_VENUES).difference(EXTRA_VENUES))
    return [f"EXTRA_VENUES: there is no {name}, only {', '.join(EXTRA_VENUES)}" for name in unknown]


def venue_brands() -> Mapping[str, str]:
    """The brand of each venue of the settings' network, by the venue's name."""
    return _brands_by_venue(settings.SOLANA_NETWORK, tuple(settings.EXTRA_VENUES))


def brands() -> tuple[str, ...]:
    """The brands of the venues of all networks, in alphabetical order."""
    named = [_brands_by_venue(network, tuple(settings.EXTRA_VENUES)) for network in NETWORKS]
    return tuple(sorted({brand for each in named for brand in each.values()}))


@functools.cache
def _brands_by_venue(network: str, extra: tuple[str, ...]) -> Mapping[str, str]:
    return MappingProxyType({venue.name: venue.dex for venue in venues_for(network, extra)})
