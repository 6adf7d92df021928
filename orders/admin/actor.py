"""Who acts in the admin, for the audit log."""

from __future__ import annotations

from django.http import HttpRequest

from orders.records.audit import Actor


def actor(request: HttpRequest) -> Actor:
    """The user of a request, and the address that it came from."""
    return Actor(request.user.get_username(), origin(request))


def origin(request: HttpRequest) -> str:
    """Where a request came from."""
    return request.META.get("REMOTE_ADDR") or "this machine"
