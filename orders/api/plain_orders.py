"""`POST /api/orders/execute` for requests that say no more than an order needs, many at once in one thread.

What the address means is REST framework's view (`orders.api.order_views`). Each request to it takes a thread,
two crossings, and fifteen middlewares of which most find nothing to do. `orderengine.plain_requests` chooses
those for which they all find nothing; here the ones that are accepted get the very answer that they would get
there. A request that is refused before anything is written is left to the view, which alone knows how.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.renderers import JSONRenderer
from structlog import contextvars

from orders import gateway
from orders.access.authentication import BearerAuthentication, is_local, local_user
from orders.access.permissions import require_trade
from orders.errors import Internal, OrderError
from orders.intake.place import Placed, new_order, write_orders
from orders.intake.waiting import needs_a_price
from orders.models import Order
from orders.telemetry.request_ids import HEADER, request_id_from
from orders.wire.errors import error_response
from orders.wire.json import read_object
from orders.wire.orders import order_as_wire
from orders.wire.request_fields import idempotency_key
from orders.wire.request_parsing import parse_order

Headers = tuple[tuple[str, str], ...]
_ALLOW: Final = ("Allow", "POST, OPTIONS")
_AUTHORIZATION: Final = "authorization"
# Who came without a token was looked for in a session, so that the answer depends on the cookie.
_VARY: Final = {True: ("Vary", "origin"), False: ("Vary", "Cookie, origin")}


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """A request whose headers are by their names in lower case, each given once.

    ``peer`` is the client's address, None on a Unix socket; ``secure`` says whether this server speaks TLS.
    """

    peer: str | None
    secure: bool
    headers: Mapping[str, str]
    body: bytes

    @property
    def host(self) -> str:
        """The name that the client uses for this server."""
        return self.headers.get("host", "")


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """What goes back: a status, headers without the length, a body."""

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class _Draft:
    """A request and the order that it makes, not yet written."""

    request: PlainRequest
    request_id: str
    scheme: str
    order: Order


def accept(requests: Sequence[PlainRequest]) -> list[PlainAnswer | None]:
    """Accept orders in one commit; for each request its answer, or None where the view must be asked.

    Raises before anything is written, or not at all: DatabaseError when callers cannot be looked up.
    """
    callers = _Callers()
    drafts = [_draft(request, callers) for request in requests]
    outcomes = iter(_written([draft.order for draft in drafts if draft is not None]))
    return [None if draft is None else _surely(draft, next(outcomes)) for draft in drafts]


def _written(orders: Sequence[Order]) -> Sequence[Placed | BaseException]:
    try:
        return write_orders(orders)
    except Exception as error:  # noqa: BLE001 -- answered as any fault; perhaps they are written: no second try
        return [error] * len(orders)


class _Callers:
    """Who sends the requests of one batch: each credential is looked up once."""

    def __init__(self) -> None:
        self._known: dict[str | None, AbstractBaseUser | None] = {}

    def of(self, request: PlainRequest) -> AbstractBaseUser | None:
        """The user who may place this order; None where that is for the view to say."""
        given = request.headers.get(_AUTHORIZATION)
        if given is None and not (
            settings.LOCAL_USER_ALLOWED and is_local(request.peer, request.headers, request.host)
        ):
            return None
        if given not in self._known:
            self._known[given] = _trader(given)
        return self._known[given]


def _trader(authorization: str | None) -> AbstractBaseUser | None:
    if authorization is None:
        user, token_id = local_user(), None
    else:
        words = authorization.encode("latin-1").split()
        if len(words) != 2 or words[0].lower() != b"bearer":
            return None
        try:
            user, token = BearerAuthentication().authenticate_credentials(words[1])
        except AuthenticationFailed:
            return None
        token_id = token.pk
    try:
        require_trade(user, token_id)
    except OrderError:
        return None
    return user


def _draft(request: PlainRequest, callers: _Callers) -> _Draft | None:
    scheme = _scheme(request)
    user = None if scheme is None else callers.of(request)
    if scheme is None or user is None:
        return None
    request_id = request_id_from(request.headers.get(HEADER.lower()))
    with contextvars.bound_contextvars(request_id=request_id):
        order = _order(user, request)
    return None if order is None else _Draft(request, request_id, scheme, order)


def _order(user: AbstractBaseUser, request: PlainRequest) -> Order | None:
    try:
        key = request.headers.get("idempotency-key")
        intent = parse_order(
            read_object(request.body), client_order_id=None if key is None else idempotency_key(key)
        )
        tokens = gateway.tokens_at_hand({intent.token_in, intent.token_out})
        order = None if tokens is None else new_order(user, intent, tokens)
    except OrderError:
        return None
    # One that must be judged by a price would make the others of the batch wait for the chain.
    return None if order is None or needs_a_price(order) else order


def _scheme(request: PlainRequest) -> str | None:
    """How the client came; None for a host that is not this server's name, and where TLS is missing."""
    if not _is_ours(request.host, settings.DEBUG, tuple(settings.ALLOWED_HOSTS)):
        return None
    secure = request.secure
    forwarded = request.headers.get("x-forwarded-proto")
    if settings.SECURE_PROXY_SSL_HEADER is not None and forwarded is not None:
        secure = forwarded.partition(",")[0].strip() == settings.SECURE_PROXY_SSL_HEADER[1]
    if settings.SECURE_SSL_REDIRECT and not secure:
        return None
    return "https" if secure else "http"


@lru_cache(maxsize=64)
def _is_ours(host: str, _debug: bool, _allowed: tuple[str, ...]) -> bool:
    """Whether Django takes this for the server's name; that depends on these settings alone."""
    request = HttpRequest()
    request.META = {"HTTP_HOST": host}
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True


def _surely(draft: _Draft, outcome: Placed | BaseException) -> PlainAnswer:
    try:
        return _answer(draft, outcome)
    except Exception as error:  # noqa: BLE001 -- answered as any fault: the order is written, no second try
        return _refusal(draft, error)


def _answer(draft: _Draft, outcome: Placed | BaseException) -> PlainAnswer:
    if not isinstance(outcome, Placed):
        return _refusal(draft, outcome)
    location = f"{draft.scheme}://{draft.request.host}/api/orders/{outcome.order.pk}"
    first: Headers = (("Content-Type", JSONRenderer.media_type), ("Location", location))
    if outcome.replayed:
        first += (("Idempotent-Replayed", "true"),)
    body = JSONRenderer().render(order_as_wire(outcome.order))
    return PlainAnswer(200 if outcome.replayed else 201, first + _headers(draft), body)


def _refusal(draft: _Draft, refusal: BaseException) -> PlainAnswer:
    """What the view answers too; only here nothing may be tried again that perhaps is written."""
    error = refusal if isinstance(refusal, Exception) else Internal()
    with contextvars.bound_contextvars(request_id=draft.request_id):
        response = error_response(error, {})
    return PlainAnswer(
        response.status_code, tuple(response.items()) + _headers(draft), bytes(response.content)
    )


def _headers(draft: _Draft) -> Headers:
    """Those that Django's middlewares set on every answer of the API."""
    secure = _strict_transport() if draft.scheme == "https" else ()
    return (
        _ALLOW,
        ("X-Frame-Options", "DENY"),
        _VARY[_AUTHORIZATION in draft.request.headers],
        *secure,
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        (HEADER, draft.request_id),
    )


def _strict_transport() -> Headers:
    if not settings.SECURE_HSTS_SECONDS:
        return ()
    subdomains = "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
    preload = "; preload" if settings.SECURE_HSTS_PRELOAD else ""
    return (("Strict-Transport-Security", f"max-age={settings.SECURE_HSTS_SECONDS}{subdomains}{preload}"),)
