"""Chromium for the tests and the screenshots, and what a page complains about."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# A console line about a request that got no answer; the tests that cause these expect them.
_NETWORK_COMPLAINTS = ("Failed to load resource", "WebSocket connection to")


def find_chromium() -> str | None:
    """Where a Chromium or Chrome is installed, or None."""
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


@asynccontextmanager
async def launched(executable: str) -> AsyncIterator[Browser]:
    """A headless browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=list(_FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Complaints:
    """What pages have reported: errors of scripts, console errors, violated security policies."""

    errors: list[str] = field(default_factory=list)
    network: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        """Collect from every page of ``context``; Chromium reports policy violations as console errors."""
        context.on("page", self._listen_to)

    def _listen_to(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self._take(line.type, line.text))

    def _take(self, kind: str, text: str) -> None:
        if kind == "error":
            (self.network if text.startswith(_NETWORK_COMPLAINTS) else self.errors).append(text)
