"""No more of a request's body is kept than the application accepts.

daphne stores a whole body, in memory and on disk, before the application can look at the first
byte, whatever its size and whoever sends it (daphne/http_protocol.py, WebRequest.process), and it
has no setting for that.
"""

from __future__ import annotations

import daphne.http_protocol
from django.conf import settings


class CappedRequest(daphne.http_protocol.WebRequest):  # type: ignore[misc]
    """Forgets what comes behind the first byte too many; that byte makes the application refuse it."""

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802  (twisted.web.iweb.IRequest)
        """Keep what still fits."""
        room = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1 - self.content.tell()
        if room > 0:
            super().handleContentChunk(data[:room])


def install() -> None:
    """Make daphne's connections use it; HTTPFactory looks the class up by this name."""
    daphne.http_protocol.WebRequest = CappedRequest
