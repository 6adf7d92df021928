"""The order page: one document with its scripts and styles, and headers that hold it to these."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page

from orders import gateway
from orders.access.authentication import LOCAL_USERNAME, is_local
from orders.access.permissions import may_switch
from orders.api import page_bundle
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

# As tabs of the form; `oco` is an order class of the API.
_ORDER_TYPES: Final = (
    ("market", "Market"),
    ("limit", "Limit"),
    ("stop", "Stop"),
    ("take_profit", "Take profit"),
    ("trailing_stop", "Trailing"),
    ("oco", "OCO"),
    ("dca", "DCA"),
    ("sniper", "Sniper"),
)


class Caller(NamedTuple):
    """Who looks at the page: a name; staff, user, local or nothing; whether they may switch trading."""

    name: str = ""
    kind: str = ""
    may_switch: bool = False


def caller(request: HttpRequest) -> Caller:
    """By the session, or as the API knows callers of this machine. A token stays in the browser's tab."""
    user = request.user
    if user.is_authenticated:
        return Caller(user.get_username(), "staff" if user.is_staff else "user", may_switch(user))
    headers = {name.lower(): value for name, value in request.headers.items()}
    if settings.LOCAL_USER_ALLOWED and is_local(request.META.get("REMOTE_ADDR"), headers, request.get_host()):
        return Caller(LOCAL_USERNAME, "local")
    return Caller()


# Its name changes with its content.
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@read_only
@never_cache
@gzip_page
def order_page(request: HttpRequest) -> HttpResponse:
    """The page at `/`. Everything it shows comes from the public API; it holds no data of its own."""
    response = render(
        request,
        "orders/page.html",
        {
            "assets": {
                use: reverse("page-asset", args=[asset.name]) for use, asset in page_bundle.assets().items()
            },
            "caller": caller(request),
            "network": settings.SOLANA_NETWORK,
            "default_slippage_bps": settings.DEFAULT_SLIPPAGE_BPS,
            "max_slippage_bps": settings.MAX_SLIPPAGE_BPS,
            "auto_slippage_cap_bps": gateway.auto_slippage_cap_bps(),
            "max_price_impact_bps": settings.MAX_PRICE_IMPACT_BPS,
            "stop_slippage_bps": min(settings.STOP_SLIPPAGE_BPS, settings.MAX_SLIPPAGE_BPS),
            "order_types": _ORDER_TYPES,
        },
    )
    response["Content-Security-Policy"] = content_security_policy(request.get_host())
    response["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
    # Without any, browsers say `Origin: null` with a form, and signing out would be refused.
    response["Referrer-Policy"] = "same-origin"
    return response


@read_only
def page_asset(request: HttpRequest, name: str) -> HttpResponse:
    """One of the page's scripts and styles, compressed where the browser takes it. Raises Http404."""
    asset = page_bundle.asset(name)
    if asset is None:
        raise Http404
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(asset.gzipped if takes_gzip else asset.body, content_type=asset.content_type)
    if takes_gzip:
        response["Content-Encoding"] = "gzip"
    response["Cache-Control"] = _FOR_EVER
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def content_security_policy(host: str) -> str:
    """The Content-Security-Policy of the page when it is served from ``host``.

    The WebSocket's address is spelled out: CSP level 3 counts it as 'self', older browsers do not.
    """
    connect = ("connect-src", f"'self' ws://{host} wss://{host}")
    return "; ".join(f"{name} {value}" for name, value in (*_POLICY, connect))
