"""What a connection was let in with, and whether it still holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from knox.models import get_token_model

from orders.errors import Unauthenticated

_A_QUERY: Final = 500


@dataclass(frozen=True, slots=True)
class Credential:
    """A user, by a token's row, by a session, or by neither: the user `local`."""

    user_id: Any
    token_id: str | None = None
    session_key: str | None = None


def require_lasting(credential: Credential) -> None:
    """Raise Unauthenticated when this one would not be let in now. One query for a token, two for a session.

    Asked before each thing that is done over an open connection, as REST asks at each call; `ended` is for
    those that only listen.
    """
    if credential.token_id is None:
        lasts = not ended([credential])
    else:
        lasts = _living_tokens().filter(pk=credential.token_id, user__is_active=True).exists()
    if not lasts:
        raise Unauthenticated()


def ended(credentials: Collection[Credential]) -> set[Credential]:
    """Those that would not be let in now: deleted, expired, logged out, or of a user who may not act."""
    users = _users({each.user_id for each in credentials})
    tokens = _live_tokens({each.token_id for each in credentials if each.token_id is not None})
    return {each for each in credentials if not _holds(each, users.get(each.user_id), tokens)}


def _holds(credential: Credential, user: AbstractBaseUser | None, tokens: set[str]) -> bool:
    if user is None or not user.is_active:
        return False
    if credential.token_id is not None:
        return credential.token_id in tokens
    return credential.session_key is None or _session_holds(credential.session_key, user)


def _session_holds(session_key: str, user: AbstractBaseUser) -> bool:
    # As django.contrib.auth.get_user does for a request: a new password ends the older sessions.
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key).load()
    known = session.get(HASH_SESSION_KEY, "")
    expected: str = user.get_session_auth_hash()  # type: ignore[no-untyped-call,unused-ignore]
    return session.get(SESSION_KEY) == str(user.pk) and constant_time_compare(known, expected)


def _users(user_ids: Collection[Any]) -> dict[Any, AbstractBaseUser]:
    users: dict[Any, AbstractBaseUser] = {}
    for some in _pieces(user_ids):
        users |= get_user_model()._default_manager.in_bulk(some)
    return users


def _live_tokens(token_ids: Collection[str]) -> set[str]:
    found: set[str] = set()
    for some in _pieces(token_ids):
        found.update(_living_tokens().filter(pk__in=some).values_list("pk", flat=True))
    return found


def _living_tokens() -> QuerySet[Any]:
    lives = Q(expiry__isnull=True) | Q(expiry__gt=timezone.now())
    living: QuerySet[Any] = get_token_model().objects.filter(lives)
    return living


def _pieces(keys: Collection[Any]) -> Iterator[list[Any]]:
    ordered = list(keys)
    for start in range(0, len(ordered), _A_QUERY):
        yield ordered[start : start + _A_QUERY]
