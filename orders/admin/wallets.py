"""The wallet: what it holds, has committed and may still sell, and what is left of the caps of today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from dex.types import Token
from orders import gateway
from orders.admin.numbers import amount_text
from orders.admin.read_only import OnePage
from orders.errors import ChainUnavailable
from orders.models import DaySales
from orders.records import kill_switch, open_orders
from orders.wallets import caps, funds
from orders.wallets.caps import CapUse
from orders.wire.holdings import Holding, Wallet

# Of users there may be any number.
_MOST_CAPS: Final = 200


@admin.register(DaySales)
class WalletsAdmin(OnePage, ModelAdmin):  # type: ignore[misc]
    """The rows are what caps look at."""

    page_template = "admin/wallets.html"

    def page_context(self, request: HttpRequest) -> dict[str, Any]:
        """Balances are asked of the node now; without its answer the rest is shown."""
        address, balances = settings.WALLET_ADDRESS, None
        try:
            held = gateway.holdings()
            address, balances = held.wallet, held.by_mint
        except ChainUnavailable:
            pass
        uses = caps.used(timezone.now())
        return {
            "title": "Wallet and caps",
            "address": address,
            "network": settings.SOLANA_NETWORK,
            "is_known": balances is not None,
            "holdings": [_holding(each) for each in _wallet(address, balances).holdings()],
            "uses": _uses(uses[:_MOST_CAPS]),
            "is_cut": len(uses) > _MOST_CAPS,
            "most_caps": _MOST_CAPS,
            "is_capped": any(use.cap is not None for use in uses),
        }


def _wallet(address: str, balances: Mapping[str, int] | None) -> Wallet:
    """With all that it holds, tokens of no list too."""
    listed = list(gateway.tokens())
    mints = {str(token.mint) for token in listed}
    others = [
        gateway.token_by_mint(mint) for mint, held in (balances or {}).items() if held and mint not in mints
    ]
    tokens: list[Token] = [*listed, *(token for token in others if token is not None)]
    taken = funds.committed()
    committed = {str(token.mint): taken.of(address, str(token.mint)) for token in tokens}
    return Wallet(address, kill_switch.state(), tokens, balances, committed, open_orders.needed(address))


def _holding(holding: Holding) -> dict[str, Any]:
    names = ("balance", "committed", "waiting", "kept_back", "spendable")
    amounts = {name: amount_text(getattr(holding, name), holding.token.decimals) for name in names}
    return {"token": holding.token, "most": amount_text(holding.most, holding.token.decimals), **amounts}


def _uses(uses: list[CapUse]) -> list[dict[str, Any]]:
    users: Any = get_user_model()
    keys = [use.whose for use in uses if use.per == "user"]
    names = {user.pk: user.get_username() for user in users.objects.filter(pk__in=keys)}
    return [_use(use, names.get(use.whose, use.whose) if use.per == "user" else use.whose) for use in uses]


def _use(use: CapUse, whose: Any) -> dict[str, Any]:
    token = gateway.token_by_mint(use.token)
    decimals = token.decimals if token else 0
    return {
        "per": use.per,
        "whose": whose,
        "token": token.symbol if token else use.token,
        "sold": amount_text(use.sold, decimals),
        "cap": amount_text(use.cap, decimals),
        "percent": None if not use.cap else min(use.sold * 100 // use.cap, 100),
    }
