"""The order page: one document, and headers that hold it to this server's own files."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from orders.wire.errors import read_only

_POLICY: Final = (
    ("default-src", "'none'"),
    ("script-src", "'self'"),
    ("style-src", "'self'"),
    ("img-src", "'self' data:"),
    ("frame-ancestors", "'none'"),
    ("base-uri", "'none'"),
    ("form-action", "'self'"),
)


@read_only
@never_cache
def order_page(request: HttpRequest) -> HttpResponse:
    """The page at `/`. Everything it shows comes from the public API; it holds no data of its own."""
    response = render(
        request,
        "orders/page.html",
        {
            "network": settings.SOLANA_NETWORK,
            "default_slippage_bps": settings.DEFAULT_SLIPPAGE_BPS,
            "max_slippage_bps": settings.MAX_SLIPPAGE_BPS,
            "max_price_impact_bps": settings.MAX_PRICE_IMPACT_BPS,
        },
    )
    response["Content-Security-Policy"] = content_security_policy(request.get_host())
    response["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
    response["Referrer-Policy"] = "no-referrer"
    return response


def content_security_policy(host: str) -> str:
    """The Content-Security-Policy of the page when it is served from ``host``.

    The WebSocket's address is spelled out: CSP level 3 counts it as 'self', older browsers do not.
    """
    connect = ("connect-src", f"'self' ws://{host} wss://{host}")
    return "; ".join(f"{name} {value}" for name, value in (*_POLICY, connect))
