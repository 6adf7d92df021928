"""Static files of the admin and the API's documents, compressed: the theme's style alone is 330 KB.

Django's own compression changes the entity tag of what it compresses; the file server compares tags as text,
so what browsers ask by is changed back, and a file that they have is not sent again.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

_TEXTS: Final = ("text/", "application/javascript", "application/json", "image/svg+xml")


class CompressedStaticMiddleware(GZipMiddleware):
    """Compresses what is text below STATIC_URL; stands before the file server."""

    def process_request(self, request: HttpRequest) -> None:
        """Ask the file server by the tag that it knows."""
        asked = request.META.get("HTTP_IF_NONE_MATCH")
        if asked and _is_static(request):
            request.META["HTTP_IF_NONE_MATCH"] = asked.removeprefix("W/")

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress a whole text; leave fonts, pictures, parts of files and all other addresses alone."""
        is_text = response.headers.get("Content-Type", "").startswith(_TEXTS)
        if not _is_static(request) or response.status_code != HTTPStatus.OK or not is_text:
            return response
        return super().process_response(request, response)


def _is_static(request: HttpRequest) -> bool:
    return request.path.startswith(settings.STATIC_URL)
