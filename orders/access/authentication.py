"""Who is calling: over REST and, before the handshake is answered, over WebSocket."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.http.request import split_domain_port, validate_host
from knox.auth import TokenAuthentication
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from orders.access.credentials import Credential
from orders.access.permissions import let_trade, may_trade

LOCAL_USERNAME: Final = "local"
SUBPROTOCOL: Final = "bearer"
_PROXY_HEADERS: Final = ("forwarded", "x-forwarded-", "x-real-ip", "via")
# What a browser says of a request that no other site has caused.
_OWN_SITE: Final = frozenset({"none", "same-origin"})


class BearerAuthentication(TokenAuthentication):  # type: ignore[misc]
    """Knox tokens, with an answer of 401 also for text that cannot be one."""

    def authenticate_credentials(self, token: bytes) -> tuple[AbstractBaseUser, Any]:
        """The user and the token's row; raises AuthenticationFailed."""
        if not token.isalnum():
            raise AuthenticationFailed()
        found: tuple[AbstractBaseUser, Any] = super().authenticate_credentials(token)
        return found


class LocalUserAuthentication(BaseAuthentication):
    """The user `local` for callers without credentials, where the settings allow it at all."""

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, None] | None:
        """The user `local`, or None outside the development server on loopback."""
        if not settings.LOCAL_USER_ALLOWED or _comes_from_elsewhere(request):
            return None
        return local_user(), None


def _comes_from_elsewhere(request: Request) -> bool:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return not is_local(request.META.get("REMOTE_ADDR"), headers, request.get_host())


def is_local(peer: str | None, headers: Mapping[str, str], host: str) -> bool:
    """Whether a request began on this machine; ``headers`` by their names in lower case.

    A proxy on this machine connects from loopback too, for others: it says so in a header. A page of another
    site may send simple requests to loopback; it can hide neither its Origin nor what the browser says of it.
    """
    if not is_on_this_machine(peer) or any(name.startswith(_PROXY_HEADERS) for name in headers):
        return False
    origin = headers.get("origin")
    if origin is not None:
        return origin_is_allowed(origin, host)
    return headers.get("sec-fetch-site", "none") in _OWN_SITE


@lru_cache(maxsize=1024)
def is_on_this_machine(address: str | None) -> bool:
    """Whether a peer's address is loopback; a Unix socket has none.

    HOST says where the server should listen. A server started by hand may listen elsewhere.
    """
    if not address:
        return True
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback


@lru_cache(maxsize=1)
def local_user() -> AbstractBaseUser:
    """The user of callers without credentials; made at first use, without a usable password."""
    user_model = get_user_model()
    user, created = user_model.objects.get_or_create(username=LOCAL_USERNAME)
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    if not may_trade(user):
        let_trade(user)
    return user


def origin_is_allowed(origin: str, host: str) -> bool:
    """Whether a page of this origin may act with the visitor's session.

    Allowed are the pages of this server, and origins that the operator has listed. Comparing
    with the Host header alone would let a rebound DNS name in, so the host must be known too.
    """
    if origin in settings.CSRF_TRUSTED_ORIGINS or origin in settings.CORS_ALLOWED_ORIGINS:
        return True
    try:
        netloc = urlsplit(origin).netloc
    except ValueError:
        return False
    domain, _port = split_domain_port(host)
    return bool(domain) and netloc.lower() == host.lower() and validate_host(domain, settings.ALLOWED_HOSTS)


async def socket_caller(scope: Mapping[str, Any]) -> tuple[AbstractBaseUser, Credential] | None:
    """The caller of a WebSocket handshake and what lets them in, or None when it must be refused.

    A token decides alone; it comes as `Sec-WebSocket-Protocol: bearer, TOKEN` (browsers cannot
    set headers) or as an Authorization header. Session and `local` need a fitting Origin.
    """
    token = _token(scope)
    if token is not None:
        owner: tuple[AbstractBaseUser, Credential] | None = await database_sync_to_async(_owner)(token)
        return owner
    origin = _header(scope, b"origin")
    if origin is not None and not origin_is_allowed(origin, _header(scope, b"host") or ""):
        return None
    session_user = scope.get("user")
    if session_user is not None and session_user.is_authenticated and session_user.is_active:
        # Read before: a lazy user would query again in every place that looks at it.
        known: AbstractBaseUser = getattr(session_user, "_wrapped", session_user)
        return known, Credential(known.pk, session_key=scope["session"].session_key)
    peer, host = (scope.get("client") or [None])[0], _header(scope, b"host") or ""
    headers = {str(name, "latin-1"): str(value, "latin-1") for name, value in scope.get("headers", ())}
    if settings.LOCAL_USER_ALLOWED and is_local(peer, headers, host):
        local: AbstractBaseUser = await database_sync_to_async(local_user)()
        return local, Credential(local.pk)
    return None


def _owner(token: bytes) -> tuple[AbstractBaseUser, Credential] | None:
    try:
        user, row = BearerAuthentication().authenticate_credentials(token)
    except AuthenticationFailed:
        return None
    return user, Credential(user.pk, token_id=row.pk)


def _token(scope: Mapping[str, Any]) -> bytes | None:
    offered = scope.get("subprotocols") or []
    if offered and offered[0] == SUBPROTOCOL:
        return offered[1].encode() if len(offered) > 1 else b""
    words = (_header(scope, b"authorization") or "").split()
    if len(words) == 2 and words[0].lower() == SUBPROTOCOL:
        return words[1].encode()
    return None


def _header(scope: Mapping[str, Any], name: bytes) -> str | None:
    for key, value in scope.get("headers", ()):
        if key == name:
            return str(value, "latin-1")
    return None
