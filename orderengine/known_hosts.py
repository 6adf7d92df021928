"""The first look at a request: whether the server goes by the name that the client has used.

Django finds out wherever something first asks for the host, and then answers with a page of its own, with
DEBUG on one for developers.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string


class KnownHostsMiddleware:
    """Answers a request for an unknown host with the project's own handler of bad requests."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass ``request`` on where ALLOWED_HOSTS has its host."""
        try:
            request.get_host()
        except DisallowedHost as error:
            refusal: HttpResponse = import_string(settings.BAD_REQUEST_HANDLER)(request, error)
            # As Django's SecurityMiddleware does, which this answer does not pass.
            refusal.headers.setdefault("X-Content-Type-Options", "nosniff")
            refusal.headers.setdefault("Referrer-Policy", "same-origin")
            return refusal
        return self._get_response(request)
