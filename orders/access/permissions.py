"""Who may trade: the permission `orders.trade` of the user, and a scope of the token that allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.models import AbstractBaseUser, Permission
from django.db.models import Q
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from orders.errors import Forbidden
from orders.models import TokenScope

if TYPE_CHECKING:
    from rest_framework.views import APIView

TRADE: Final = "orders.trade"
_CODENAME: Final = TRADE.partition(".")[2]
_OF_TRADE: Final = Q(content_type__app_label="orders", codename=_CODENAME)
_SCOPES_THAT_TRADE: Final = frozenset({TokenScope.Scope.TRADE, TokenScope.Scope.ADMIN})


def require_trade(user: AbstractBaseUser, token_id: Any = None) -> None:
    """Raise Forbidden unless the user, and the token if one was shown, may place, amend and cancel orders."""
    if not _token_trades(token_id):
        raise Forbidden("This token may only read", needs="scope trade")
    if not may_trade(user):
        raise Forbidden("This user may not trade", needs=TRADE)


def may_trade(user: AbstractBaseUser) -> bool:
    """Whether the user has the permission, by itself or by a group. One query: each order asks."""
    if getattr(user, "is_superuser", False):
        return True
    holders = Q(user=user.pk) | Q(group__user=user.pk)
    return Permission.objects.filter(_OF_TRADE).filter(holders).exists()


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
    scope = TokenScope.objects.filter(token=token_id).values_list("scope", flat=True).first()
    # Tokens that were made before there were scopes have none, and trade as they did.
    return scope is None or scope in _SCOPES_THAT_TRADE
