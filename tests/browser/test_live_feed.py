"""The page follows the feed: what happens elsewhere is on it at once, without a poll."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.engine import BrowsedEngine

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
# Less than a second on a quiet machine; a poll of ten seconds, three times in a row, would hardly be in time.
_SOON_MS = 8_000


async def test_an_order_from_elsewhere_is_there_at_once(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    for _ in range(3):
        order = await engine.post(
            "/api/orders/execute", {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "0.7"}
        )
        card = page.locator(f".order-card[data-order-id='{order['orderId']}']")
        await expect(card).to_be_visible(timeout=_SOON_MS)
        await expect(card).to_have_attribute("data-status", "confirmed")
        await expect(card.locator(".step.done")).to_have_count(5)
        row = page.locator(f".order-row[data-row='{order['orderId']}']")
        await expect(row).to_have_attribute("data-status", "confirmed", timeout=_SOON_MS)


async def test_a_filtered_history_hides_no_new_order_from_the_panel(
    visit: Visit, engine: BrowsedEngine
) -> None:
    page = await visit()
    await page.select_option("select[name=status]", "expired")
    await expect(page.locator("#history-empty-text")).to_have_text("No order fits these filters.")
    order = await engine.post(
        "/api/orders/execute", {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "0.75"}
    )
    await expect(page.locator(f".order-card[data-order-id='{order['orderId']}']")).to_be_visible()


async def test_the_end_of_an_order_is_told_in_the_corner(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    await engine.post("/api/orders/execute", {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "0.8"})
    toast = page.locator(".toast.good")
    await expect(toast).to_contain_text(re.compile(r"^Confirmed: 0\.8 SOL → USDCReceived \d+\.\d+ USDC$"))


async def test_sound_and_notifications_are_a_choice_that_is_kept(visit: Visit) -> None:
    page = await visit()
    button = page.locator("#notify")
    await expect(button).to_have_attribute("aria-pressed", "false")
    await page.context.grant_permissions(["notifications"])
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "true")
    await page.reload()
    await expect(button).to_have_attribute("aria-pressed", "true")
