"""Who may trade, and who may stop all trading: by permissions of the user and the scope of the token."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser, Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Q
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from orders.errors import Forbidden
from orders.models import TokenScope

if TYPE_CHECKING:
    from rest_framework.views import APIView

TRADE: Final = "orders.trade"
SWITCH: Final = "orders.change_tradingswitch"
_CODENAME: Final = TRADE.partition(".")[2]
_OF_TRADE: Final = Q(content_type__app_label="orders", codename=_CODENAME)
# Written out, because each order asks: the query builder takes many times what the database takes.
_HOLDS_TRADE: Final = """
SELECT 1 FROM {permission} p JOIN {content_type} c ON c.id = p.content_type_id
WHERE c.app_label = %s AND p.codename = %s AND (
  EXISTS (SELECT 1 FROM {user_permission} u WHERE u.permission_id = p.id AND u.user_id = %s)
  OR EXISTS (SELECT 1 FROM {group_permission} g JOIN {user_group} m ON m.group_id = g.group_id
             WHERE g.permission_id = p.id AND m.user_id = %s))
"""
_SCOPES_THAT_TRADE: Final = frozenset({TokenScope.Scope.TRADE, TokenScope.Scope.ADMIN})


def require_trade(user: AbstractBaseUser, token_id: Any = None) -> None:
    """Raise Forbidden unless the user, and the token if one was shown, may place, amend and cancel orders."""
    if not _token_trades(token_id):
        raise Forbidden("This token may only read", needs="scope trade")
    if not may_trade(user):
        raise Forbidden("This user may not trade", needs=TRADE)


def require_switch(user: AbstractBaseUser, token_id: Any = None) -> None:
    """Raise Forbidden unless the user, and the token if one was shown, may throw the kill switch."""
    if token_id is not None and scope_of(token_id) != TokenScope.Scope.ADMIN:
        raise Forbidden("This token may not throw the kill switch", needs="scope admin")
    if not may_switch(user):
        raise Forbidden("This user may not throw the kill switch", needs=SWITCH)


def may_switch(user: Any) -> bool:
    """Whether the user has the permission to throw the kill switch."""
    return bool(user.is_active and user.has_perm(SWITCH))


def may_trade(user: AbstractBaseUser) -> bool:
    """Whether the user has the permission, by itself or by a group. One query: each order asks."""
    if getattr(user, "is_superuser", False):
        return True
    with connection.cursor() as cursor:
        cursor.execute(_holds_trade(), ["orders", _CODENAME, user.pk, user.pk])
        return cursor.fetchone() is not None


@cache
def _holds_trade() -> str:
    user: Any = get_user_model()
    return _HOLDS_TRADE.format(
        permission=Permission._meta.db_table,
        content_type=ContentType._meta.db_table,
        user_permission=user.user_permissions.through._meta.db_table,
        group_permission=Group.permissions.through._meta.db_table,
        user_group=user.groups.through._meta.db_table,
    )


def let_trade(user: Any) -> None:
    """Give the user the permission to trade."""
    user.user_permissions.add(Permission.objects.get(_OF_TRADE))


class MayTrade(BasePermission):
    """For views that place, amend or cancel orders."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """True; raises Forbidden with what is missing. Who is not known at all is refused elsewhere."""
        if isinstance(request.user, AbstractBaseUser):
            require_trade(request.user, getattr(request.auth, "pk", None))
        return True


def _token_trades(token_id: Any) -> bool:
    if token_id is None:
        return True
    scope = scope_of(token_id)
    # Tokens that were made before there were scopes have none, and trade as they did.
    return scope is None or scope in _SCOPES_THAT_TRADE


def scope_of(token_id: Any) -> str | None:
    """The scope of a token; None of one that was made before there were scopes."""
    return TokenScope.objects.filter(token=token_id).values_list("scope", flat=True).first()
