"""A Content-Security-Policy on every answer; pages that know better set their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

# Data is nobody's page: opened as one it may load and run nothing.
_DATA: Final = "default-src 'none'; frame-ancestors 'none'"
# Django's pages and the admin's bring scripts of their own with them: these are not told which.
_PAGE: Final = "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"


class ContentSecurityPolicyMiddleware:
    """Sets the header where a view has not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer ``request`` with a policy that fits what the answer is."""
        response = self._get_response(request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        response.headers.setdefault("Content-Security-Policy", _PAGE if is_page else _DATA)
        return response
