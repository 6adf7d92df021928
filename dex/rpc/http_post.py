"""POST requests of JSON to one URL over kept connections, without what a browser would add to them.

A node sets no cookies and is not followed elsewhere: the client's session layer would cost more than the
request itself. Below it is the same pool of connections.
"""

from __future__ import annotations

import base64
from typing import Final
from urllib.request import getproxies, proxy_bypass

import httpx2

_HEADERS: Final = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "order-execution-engine",
}
# Each request looks at every idle connection first: what a burst has left over would cost all that follow.
# An idle one is kept for less than nodes and what stands before them keep theirs, as a new one costs a round
# trip, and two more with TLS.
_LIMITS: Final = httpx2.Limits(max_connections=100, max_keepalive_connections=6, keepalive_expiry=30)


class HttpPost:
    """A pool of connections to one URL. Belongs to the event loop that first used it."""

    def __init__(
        self, url: str, *, timeout_seconds: float, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        """``transport``: by default connections, over the proxy that the environment names for the URL."""
        self._url = httpx2.URL(url)
        self._headers = httpx2.Headers(_HEADERS | _authorization(self._url))
        self._extensions = {"timeout": httpx2.Timeout(timeout_seconds).as_dict()}
        self._transport = transport or httpx2.AsyncHTTPTransport(proxy=_proxy_for(self._url), limits=_LIMITS)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def send(self, content: str) -> tuple[int, bytes]:
        """The status and the body of the answer to ``content``; raises httpx2.HTTPError."""
        request = httpx2.Request(
            "POST", self._url, headers=self._headers, content=content, extensions=self._extensions
        )
        response = await self._transport.handle_async_request(request)
        # Errors of decoding name the request that they belong to.
        response.request = request
        try:
            return response.status_code, await response.aread()
        finally:
            await response.aclose()


def _authorization(url: httpx2.URL) -> dict[str, str]:
    if not url.userinfo:
        return {}
    named = f"{url.username}:{url.password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(named).decode()}"}


def _proxy_for(url: httpx2.URL) -> str | None:
    """As curl and browsers read HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY."""
    if proxy_bypass(url.netloc.decode()):
        return None
    found = getproxies()
    return found.get(url.scheme) or found.get("all")
