"""The kill switch as users throw it, from every page and endpoint: who may, and that off needs a reason."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser

from orders.access.permissions import require_switch
from orders.errors import InvalidRequest
from orders.models import TradingSwitch
from orders.records import kill_switch
from orders.records.audit import Actor
from orders.wire.callers import MOST_REASON


def switch_trading(
    user: AbstractBaseUser, origin: str, *, on: bool, reason: str = "", token_id: Any = None
) -> TradingSwitch:
    """Allow or stop new signatures, with an entry in the audit log; how the switch stands then.

    ``origin`` is the address the user acts from, ``token_id`` the bearer token if one was shown. Raises
    Forbidden for a user without the permission or a token without the scope `admin`, InvalidRequest for off
    without a reason.
    """
    require_switch(user, token_id)
    said = reason.strip()
    if not on and not said:
        raise InvalidRequest("Trading stays on: say why it is to be off", reason="required")
    if len(said) > MOST_REASON:
        raise InvalidRequest(reason=f"at most {MOST_REASON} characters")
    return kill_switch.switch(on=on, reason=said, by=Actor(user.get_username(), origin))
