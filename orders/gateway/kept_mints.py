"""Mints that are on no list, as the database keeps them and this process remembers them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils import timezone
from solders.pubkey import Pubkey

from dex.tokens.metadata import TokenNames
from dex.tokens.mint import MintFacts
from dex.types import Token
from orders.models import Mint

_REMEMBERED: Final = 4096
_COLUMNS: Final = (
    *("program", "decimals", "mint_authority", "freeze_authority"),
    *("extensions", "dangers", "symbol", "name", "read_at"),
)


@dataclass(frozen=True, slots=True)
class KeptMint:
    """A mint of ``network``: its token, and by name what makes it unsafe."""

    network: str
    token: Token
    dangers: tuple[str, ...]


# By mint. Decimals never change; what can change is read again by anyone who asks for a report.
_known: Final[dict[str, KeptMint]] = {}
_changing = threading.Lock()


def kept_mint(mint: str) -> KeptMint | None:
    """What is known of a mint; of the settings' network where several have it. Asks the database once."""
    known = _known.get(mint)
    if known is not None and known.network == settings.SOLANA_NETWORK:
        return known
    rows = {row.network: row for row in Mint.objects.filter(address=mint)}
    row = rows.get(settings.SOLANA_NETWORK) or next(iter(rows.values()), None)
    return None if row is None else _remember(row)


def keep(found: Iterable[tuple[MintFacts, TokenNames]]) -> None:
    """Store mints as the chain has them now, over what was stored of them."""
    rows = [_row(facts, names) for facts, names in found]
    Mint.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=("network", "address"), update_fields=_COLUMNS
    )
    for row in rows:
        _remember(row)


def note_dangers(mint: str, dangers: Sequence[str]) -> None:
    """Store what makes a kept mint of this network unsafe now."""
    rows = Mint.objects.filter(network=settings.SOLANA_NETWORK, address=mint)
    if rows.update(dangers=list(dangers), read_at=timezone.now()):
        _remember(rows.get())


def forget() -> None:
    """Ask the database again for every mint."""
    with _changing:
        _known.clear()


def is_address(text: str) -> bool:
    """Whether a text is an address as Solana writes it."""
    try:
        return str(Pubkey.from_string(text)) == text
    except ValueError:
        return False


def _row(facts: MintFacts, names: TokenNames) -> Mint:
    return Mint(
        network=settings.SOLANA_NETWORK,
        address=str(facts.address),
        program=str(facts.program),
        decimals=facts.decimals,
        mint_authority=_text(facts.mint_authority),
        freeze_authority=_text(facts.freeze_authority),
        extensions=list(facts.extensions),
        dangers=[danger.value for danger in facts.dangers],
        symbol=names.symbol,
        name=names.name,
        read_at=timezone.now(),
    )


def _text(authority: Pubkey | None) -> str:
    return "" if authority is None else str(authority)


def _remember(row: Mint) -> KeptMint:
    name = row.name or row.symbol or row.address
    token = Token(row.address, name, Pubkey.from_string(row.address), row.decimals, verified=False)
    dangers: Sequence[str] = row.dangers
    kept = KeptMint(row.network, token, tuple(dangers))
    with _changing:
        _known.pop(row.address, None)
        _known[row.address] = kept
        if len(_known) > _REMEMBERED:
            del _known[next(iter(_known))]
    return kept
