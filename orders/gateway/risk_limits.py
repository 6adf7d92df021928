"""What this process may sign at all, by its settings: which network, how much, at what slippage.

Endpoints refuse such orders too; here it is asked once more, right before a signature, of the order's row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.conf import settings

from dex.config import DEVNET, MAINNET, NETWORKS
from dex.types import Token
from orders.amounts import from_base_units, parse_amount, to_base_units
from orders.errors import InvalidAmount, OrderTooLarge
from orders.gateway.failures import Failure
from orders.gateway.kept_mints import is_address
from orders.gateway.tokens import token_by_mint, tokens
from orders.lifecycle import FailureReason

# 10 %: who allows more on mainnet-beta has most likely not thought of it.
MAX_SLIPPAGE_BPS_ON_MAINNET: Final = 1_000
# Settings of whole tokens by symbol: the most that an order may sell, and that may be sold in a day.
_CAPS: Final = (
    "MAX_ORDER_AMOUNTS",
    "MAX_DAY_AMOUNTS_PER_USER",
    "MAX_DAY_AMOUNTS_PER_WALLET",
    "MAX_DAY_AMOUNTS",
)


def refusal(network: str, wallet: str, token_in: str, amount_in: int, slippage_bps: int) -> Failure | None:
    """Why a swap of base units ``amount_in`` must not be signed, or None when it may.

    ``wallet`` is the one that the order was accepted for, empty where the web process knew none.
    """
    if network != settings.SOLANA_NETWORK:
        return _violation(f"the order is for {network}, this worker for {settings.SOLANA_NETWORK}")
    if network == MAINNET and mainnet_faults():
        return _violation(mainnet_faults()[0])
    if wallet and settings.WALLET_ADDRESS and wallet != settings.WALLET_ADDRESS:
        return _violation(f"the order is for the wallet {wallet}, this worker's is {settings.WALLET_ADDRESS}")
    if slippage_bps > settings.MAX_SLIPPAGE_BPS:
        return _violation(f"slippage over {settings.MAX_SLIPPAGE_BPS} bps is not allowed")
    return over_cap(token_in, amount_in)


def over_cap(token_in: str, amount_in: int) -> Failure | None:
    """That an order sells more base units of a mint than MAX_ORDER_AMOUNTS allows, or None.

    An exact output that its first quote bounds is known to be too large by that quote, and not before.
    """
    token = token_by_mint(token_in)
    most = None if token is None else largest_amount(token)
    if most is None or amount_in <= most:
        return None
    return _violation(f"more than {most} base units of it is not allowed in an order")


def require_within_cap(token: Token, amount_in: int) -> None:
    """Raise OrderTooLarge when an order sells more base units of ``token`` than MAX_ORDER_AMOUNTS allows."""
    most = largest_amount(token)
    if most is not None and amount_in > most:
        whole = from_base_units(most, token.decimals)
        text = f"An order may sell {whole} {token.symbol} at most"
        raise OrderTooLarge(text, maxAmountIn=whole, maxAmountInRaw=str(most))


def largest_amount(token: Token) -> int | None:
    """The most base units of ``token`` that an order may sell, None for no limit.

    On mainnet-beta a token without a cap cannot be sold.
    """
    cap = settings.MAX_ORDER_AMOUNTS.get(token.symbol)
    if cap is None:
        return 0 if settings.SOLANA_NETWORK == MAINNET else None
    return to_base_units(parse_amount(cap), token.decimals)


def cap_of(setting: str, token: Token) -> int | None:
    """What a setting of whole tokens by symbol allows of ``token``, in base units; None for no limit."""
    cap = getattr(settings, setting).get(token.symbol)
    return None if cap is None else to_base_units(parse_amount(cap), token.decimals)


def network_config_errors() -> Sequence[str]:
    """What is wrong with the settings of the network, in words; nothing when it can be traded on."""
    if settings.SOLANA_NETWORK not in NETWORKS:
        return [f"SOLANA_NETWORK is one of {', '.join(NETWORKS)}"]
    faults = [f"{name}: {fault}" for name in (*_CAPS, "HALT_AFTER_LOSS") for fault in _cap_faults(name)]
    if settings.DEVNET_PAPER_FALLBACK and settings.SOLANA_NETWORK != DEVNET:
        faults.append("DEVNET_PAPER_FALLBACK is for devnet alone")
    return faults + (mainnet_faults() if settings.SOLANA_NETWORK == MAINNET else [])


def mainnet_faults() -> list[str]:
    """What is missing before real money may be traded."""
    faults = []
    if not settings.ALLOW_MAINNET:
        faults.append("mainnet-beta needs ALLOW_MAINNET=1: orders there spend real money")
    unset = [name for name in _CAPS if not getattr(settings, name)]
    faults += [f"mainnet-beta needs {name}, for example SOL=1,USDC=200" for name in unset]
    if settings.MAX_SLIPPAGE_BPS > MAX_SLIPPAGE_BPS_ON_MAINNET:
        faults.append(f"mainnet-beta needs MAX_SLIPPAGE_BPS of {MAX_SLIPPAGE_BPS_ON_MAINNET} at most")
    return faults


def _cap_faults(name: str) -> list[str]:
    known = {token.symbol: token for token in tokens()}
    faults = []
    for symbol, cap in getattr(settings, name).items():
        if symbol not in known and not is_address(symbol):
            faults.append(f"{symbol} is no known token")
            continue
        try:
            amount = parse_amount(cap)
            if symbol in known:
                # The decimals of a mint that no list has are known once it has been named.
                to_base_units(amount, known[symbol].decimals)
        except InvalidAmount:
            faults.append(f"{cap} is no amount of {symbol}")
    return faults


def _violation(why: str) -> Failure:
    return Failure(FailureReason.POLICY_VIOLATION, f"{FailureReason.POLICY_VIOLATION.label}: {why}")
