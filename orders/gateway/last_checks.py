"""What is looked at once more right before a signature: pools that were switched off, mints that changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from solders.pubkey import Pubkey

from dex.errors import PoolRefused
from dex.tokens.mint import read_mint
from dex.types import Route, Snapshot
from orders.gateway import kept_mints
from orders.gateway.failures import Failure
from orders.gateway.named_tokens import refused_dangers
from orders.gateway.tokens import listed_token
from orders.lifecycle import FailureReason


def goes_over(route: Route, pools: Collection[str]) -> bool:
    """Whether a route uses one of these pools, by address."""
    return any(str(leg.pool) in pools for leg in route.legs)


def unsafe_token(route: Route, snapshot: Snapshot) -> Failure | None:
    """That an issuer has since made a token of the route unsafe; None where all are as they were accepted.

    Tokens of the list are not asked: who listed them knows their issuers. Mints are accounts of the snapshot.
    """
    mints = dict.fromkeys(mint for leg in route.legs for mint in (leg.token_in, leg.token_out))
    for mint in mints:
        if listed_token(str(mint)) is None and (reasons := _refused_now(mint, snapshot)):
            label = FailureReason.TOKEN_REFUSED.label
            details = {"token": str(mint), "reasons": " ".join(reasons)}
            return Failure(FailureReason.TOKEN_REFUSED, f"{label}: {', '.join(reasons)}", details)
    return None


def _refused_now(mint: Pubkey, snapshot: Snapshot) -> Collection[str]:
    """Why the mint is refused as the chain has it now; what has changed is kept for all who name it."""
    account = snapshot.accounts.get(mint)
    if account is None:
        return ()
    try:
        dangers = read_mint(mint, account, snapshot.clock.epoch).dangers
    except PoolRefused:
        # What is no mint any more has no quote either.
        return ()
    kept = kept_mints.kept_mint(str(mint))
    if kept is not None and set(kept.dangers) != set(_texts(dangers)):
        kept_mints.note_dangers(str(mint), _texts(dangers))
    return refused_dangers(_texts(dangers))


def _texts(dangers: Iterable[str]) -> list[str]:
    return [str(danger) for danger in dangers]
