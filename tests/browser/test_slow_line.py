"""The page on a slow line: what is there, and can be used, after how long at 20 kB per second."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.browser.engine import BrowsedEngine

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

_LINE = {
    "offline": False,
    "latency": 50,
    "downloadThroughput": 20 * 1024,
    "uploadThroughput": 20 * 1024,
}
_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
# The time at which the form first says that it waits for the visitor.
_WATCH = """
document.addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("execute");
  new MutationObserver((_, watch) => {
    if (button.textContent !== "Enter an amount") return;
    window.usableAt = performance.now();
    watch.disconnect();
  }).observe(button, {childList: true, characterData: true, subtree: true});
});
"""
_PAINT_MS = 2_000
_USABLE_MS = 4_000


async def test_a_slow_line_shows_the_page_in_two_seconds(chromium: Browser, engine: BrowsedEngine) -> None:
    context = await chromium.new_context()
    page = await context.new_page()
    await page.add_init_script(_WATCH)
    session = await context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", _LINE)
    await page.goto(engine.url, wait_until="commit")
    await expect(page.locator("#execute")).to_have_text("Enter an amount")
    painted, usable = await page.evaluate(_FIRST_PAINT), await page.evaluate("window.usableAt")
    await context.close()
    assert (painted < _PAINT_MS, usable < _USABLE_MS) == (True, True), (painted, usable)
