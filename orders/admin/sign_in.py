"""Signing in to the admin: each try is logged and in the audit log; django-axes counts the failures."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from unfold.forms import AuthenticationForm

from orders.records import audit
from orders.records.audit import Actor
from orders.wire import errors

logger = logging.getLogger(__name__)


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """The admin's form, which leaves an entry of who tried, from where, and how it went."""

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError for a wrong name or password, and while both are locked."""
        try:
            found: dict[str, Any] = super().clean()
        except ValidationError:
            self._note("sign-in failed")
            raise
        self._note("signed in")
        return found

    def _note(self, action: str) -> None:
        name = "".join(filter(str.isprintable, self.cleaned_data.get("username") or ""))
        origin = self.request.META.get("REMOTE_ADDR") or "a local socket"
        logger.warning("%s: %.64s from %s", action, name, origin)
        audit.note(Actor(name, origin), action, name)


def locked_out(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """Answer for a name that is locked for this address."""
    return errors.overloaded()
