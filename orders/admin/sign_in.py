"""Signing in to the admin: password and code; each try is logged and in the audit log.

django-axes counts the failures, those of codes too.
"""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminTextInputWidget

from orders.access import two_factor
from orders.records import audit
from orders.records.audit import Actor
from orders.wire import errors

logger = logging.getLogger(__name__)


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """The admin's form with a code, which leaves an entry of who tried, from where, and how it went."""

    code = forms.CharField(
        required=False,
        max_length=16,
        label="Code of your authenticator, if you have one",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError for a wrong name, password or code, and while both are locked."""
        try:
            found: dict[str, Any] = super().clean()
            self._check_code()
        except ValidationError:
            self._note("sign-in failed")
            raise
        self._note("signed in")
        return found

    def _check_code(self) -> None:
        user = self.get_user()
        device = None if user is None else two_factor.authenticator_of(user)
        if device is None:
            return
        if not two_factor.verify(device, self.cleaned_data.get("code") or ""):
            name = {"username": user.get_username()}
            user_login_failed.send(sender=__name__, credentials=name, request=self.request)
            # The same words as for a wrong password: they do not tell that it was right.
            raise self.get_invalid_login_error()
        # Read at sign-in, which keeps it in the session.
        user.otp_device = device

    def _note(self, action: str) -> None:
        name = "".join(filter(str.isprintable, self.cleaned_data.get("username") or ""))
        origin = self.request.META.get("REMOTE_ADDR") or "a local socket"
        logger.warning("%s: %.64s from %s", action, name, origin)
        audit.note(Actor(name, origin), action, name)


def may_enter(request: HttpRequest) -> bool:
    """Whether the user is staff, with a second factor where the settings or an authenticator ask for it."""
    user: Any = request.user
    if not (user.is_active and user.is_staff):
        return False
    if user.is_verified():
        return True
    return not settings.STAFF_TWO_FACTOR_REQUIRED and two_factor.authenticator_of(user) is None


def locked_out(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """Answer for a name that is locked for this address."""
    return errors.overloaded()
