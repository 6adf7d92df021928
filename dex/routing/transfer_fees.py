"""What tokens keep of a route's transfers, beside the pools' own fees. Pure.

The amounts of quotes have these fees taken off already; here they are named, leg by leg.
"""

from __future__ import annotations

from dataclasses import replace

from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM
from dex.errors import PoolRefused
from dex.transactions.token_accounts import MINT_SIZE
from dex.types import Path, Quote, Snapshot
from dex.venues.token_mint import (
    NO_TRANSFER_FEE,
    TRANSFER_FEE_CONFIG,
    TransferFee,
    extensions_of,
    fee_of_epoch,
)


def with_named_fees(path: Path, snapshot: Snapshot) -> Path:
    """``path`` with the transfer fees of its legs, by the mints of the snapshot that it was found in."""
    legs = tuple([_leg(leg, snapshot) for leg in path.legs])
    return path if legs == path.legs else replace(path, legs=legs)


def _leg(leg: Quote, snapshot: Snapshot) -> Quote:
    paid = fee_of(leg.token_in, snapshot).on_gross(leg.amount_in)
    received = fee_of(leg.token_out, snapshot).on_net(leg.amount_out)
    return replace(leg, transfer_fee_in=paid, transfer_fee_out=received) if paid or received else leg


def fee_of(mint: Pubkey, snapshot: Snapshot) -> TransferFee:
    """What transfers of a mint bear by a snapshot; nothing where it is not in it."""
    # Pools name the mints of Token-2022 among their accounts; one that is not there belongs to SPL Token.
    account = snapshot.accounts.get(mint)
    if account is None or account.owner != TOKEN_2022_PROGRAM or len(account.data) == MINT_SIZE:
        return NO_TRANSFER_FEE
    try:
        records = dict(extensions_of(account.data))
        config = records.get(TRANSFER_FEE_CONFIG)
        return NO_TRANSFER_FEE if config is None else fee_of_epoch(config, snapshot.clock.epoch)
    except PoolRefused:
        return NO_TRANSFER_FEE
