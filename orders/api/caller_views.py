"""REST calls of callers themselves: who they are, and the kill switch for those who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from orders import errors
from orders.access.authentication import LocalUserAuthentication
from orders.access.permissions import require_switch, require_trade, scope_of
from orders.api.endpoint import Endpoint
from orders.api.schema import CALLER, WRITER, operation
from orders.intake.trading_switch import switch_trading
from orders.wire import callers
from orders.wire.json import require_object
from orders.wire.message import ref

ME: Final[dict[str, Any]] = operation(
    *("getCaller", "callers", "Who the caller is, and what it may"),
    {200: (callers.CALLER, "a caller of this machine", callers.CALLER.example())},
    CALLER,
)
TRADING: Final[dict[str, Any]] = operation(
    *("switchTrading", "callers", "Switch trading on or off, for those who may"),
    {200: (callers.SWITCHED, "as it stands now", callers.SWITCHED.example())},
    (*WRITER, errors.UnsupportedMediaType),
    request={"application/json": dict(ref(callers.SWITCH))},
    examples=[
        OpenApiExample("on", {"trading": "on"}, request_only=True),
        OpenApiExample("off", {"trading": "off", "reason": "a node is being moved"}, request_only=True),
    ],
    description="The kill switch: while it is off no transaction is signed. Who, when and why is in the"
    " audit log.",
)


class Me(Endpoint):
    """The caller."""

    @extend_schema(**ME)
    def get(self, request: Request) -> Response:
        """Name, kind, and what the caller may do."""
        return Response(callers.CALLER.of(_caller(request)))


class Trading(Endpoint):
    """The kill switch."""

    @extend_schema(**TRADING)
    def post(self, request: Request) -> Response:
        """Switch trading on or off. How it stands is in `GET /api/tokens`."""
        on, reason = callers.parse_switch(require_object(request.data))
        caller, token = Endpoint.caller(request), getattr(request.auth, "pk", None)
        thrown = switch_trading(caller, _origin(request), on=on, reason=reason, token_id=token)
        return Response(callers.switch_as_wire(thrown))


def _caller(request: Request) -> callers.Caller:
    user: Any = Endpoint.caller(request)
    token = getattr(request.auth, "pk", None)
    is_local = isinstance(request.successful_authenticator, LocalUserAuthentication)
    return callers.Caller(
        user=user.get_username(),
        kind="local" if is_local else "staff" if user.is_staff else "user",
        scope=None if token is None else scope_of(token) or "trade",
        may_trade=_passes(require_trade, user, token),
        may_switch=_passes(require_switch, user, token),
    )


def _passes(check: Callable[[Any, Any], None], user: Any, token: Any) -> bool:
    try:
        check(user, token)
    except errors.Forbidden:
        return False
    return True


def _origin(request: Request) -> str:
    return str(request.META.get("REMOTE_ADDR") or "this machine")
