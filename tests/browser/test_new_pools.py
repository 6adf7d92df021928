"""New pools on the page: a row each, and one press that prepares an order in the form."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.axe import serious_findings
from tests.browser.chromium import find_chromium
from tests.browser.engine import BrowsedEngine

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def launching(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowsedEngine]:
    """An engine on a localnet that launches a token every two seconds."""
    if find_chromium() is None:
        pytest.skip("no Chromium found: apt-get install chromium")
    with BrowsedEngine(Path(tmp_path_factory.mktemp("launching")), LOCALNET_LAUNCHES="2") as running:
        yield running


@pytest_asyncio.fixture(params=[390, 1440], loop_scope="session")
async def page(
    request: pytest.FixtureRequest, chromium: Browser, launching: BrowsedEngine
) -> AsyncIterator[Page]:
    context = await chromium.new_context(viewport={"width": request.param, "height": 900})
    opened = await context.new_page()
    await opened.goto(launching.url)
    await expect(opened.locator(".pool-row").first).to_be_visible(timeout=30_000)
    yield opened
    await context.close()


async def test_new_pools_are_shown_without_serious_findings(page: Page) -> None:
    await expect(page.locator("#pool-count")).to_have_text(re.compile(r"^\d+"))
    await expect(page.locator(".pool-row").first.locator(".pool-where")).to_contain_text("ago")
    width = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] == width[1]
    assert await serious_findings(page, ".new-pools") == []


async def test_a_press_prepares_a_sniper_order(page: Page) -> None:
    row = await first_row(page, "Snipe")
    name = await row.locator("b").first.text_content()
    await row.get_by_role("button", name=re.compile("^Snipe ")).click()
    await expect(page.locator("#pick-out")).to_contain_text(name or "")
    await page.fill("#amount", "0.5")
    await expect(page.locator("#execute")).to_have_text(re.compile(rf"^Place: 0\.5 \w+ → {name}$"))
    await expect(page.locator("#order-sentence")).to_contain_text(f"Buy {name} with 0.5")


async def test_a_press_prepares_a_market_order_for_an_open_pool(page: Page) -> None:
    button = page.get_by_role("button", name=re.compile("^Buy ")).first
    await expect(button).to_be_visible(timeout=60_000)
    await button.click()
    await expect(page.get_by_role("radio", name="Market", exact=True)).to_be_checked()
    await expect(page.locator("#amount")).to_be_focused()


async def first_row(page: Page, does: str) -> Locator:
    """The newest pool with that button; by its address, as others may come up above it."""
    found = page.locator(".pool-row", has=page.get_by_role("button", name=re.compile(f"^{does} "))).first
    return page.locator(f"[data-pool='{await found.get_attribute('data-pool')}']")
