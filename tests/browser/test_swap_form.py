"""The swap form: parts of the balance, automatic slippage, shortcuts, deep links, choices that are kept."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Visit
from tests.browser.engine import BrowsedEngine
from tests.browser.test_order_page import place

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_whole_balance_says_what_stays_behind(visit: Visit) -> None:
    page = await visit()
    await page.click("#max")
    await expect(page.locator("#amount-hint")).to_contain_text("0.01 SOL stays for fees and rent")
    await page.get_by_role("button", name="25 %").click()
    await expect(page.locator("#amount-hint")).to_have_text("")


async def test_automatic_slippage_reaches_the_order(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    await page.get_by_role("radio", name="Auto").check()
    await page.fill("#amount", "0.4")
    await expect(page.locator("#slippage-hint")).to_have_text(re.compile(r"^0\.5\d? % now\. At least \d"))
    await place(page, "0.4")
    card = page.locator(".order-card.confirmed")
    order = await engine.get(f"/api/orders/{await card.get_attribute('data-order-id')}")
    assert order["slippageAuto"] is True


async def test_keys_do_what_the_list_says(visit: Visit) -> None:
    page = await visit()
    await page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("f")
    await expect(page.locator("#pick-in")).to_contain_text("USDC")
    await page.keyboard.press("/")
    await expect(page.locator("#amount")).to_be_focused()
    # In a field a key is what is typed.
    await page.keyboard.type("f?")
    await expect(page.locator("#amount")).to_have_value("f?")
    await expect(page.locator("#pick-in")).to_contain_text("USDC")
    await page.click("#show-shortcuts")
    await dialog.get_by_label("Shortcuts are on").uncheck()
    await page.keyboard.press("Escape")
    await page.keyboard.press("f")
    await expect(page.locator("#pick-in")).to_contain_text("USDC")


async def test_an_address_fills_the_form(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    await page.goto(f"{engine.url}/?in=USDC&out=JUP&amount=25")
    await expect(page.locator("#execute")).to_have_text("Execute: 25 USDC → JUP")


async def test_choices_are_kept_for_the_next_visit(visit: Visit) -> None:
    page = await visit()
    await page.click("#flip")
    await page.fill("#own-slippage", "0.75")
    await page.fill("#amount", "12")
    await expect(page.locator("#execute")).to_have_text("Execute: 12 USDC → SOL")
    await page.reload()
    await expect(page.locator("#execute")).to_have_text("Execute: 12 USDC → SOL")
    await expect(page.locator("#own-slippage")).to_have_value("0.75")


async def test_the_theme_goes_back_to_the_systems(visit: Visit) -> None:
    page = await visit(color_scheme="dark")
    root = page.locator("html")
    for theme in ("light", "dark"):
        await page.click("#theme-toggle")
        await expect(root).to_have_attribute("data-theme", theme)
    await page.click("#theme-toggle")
    await expect(root).not_to_have_attribute("data-theme", re.compile(".*"))


async def test_a_pasted_mint_brings_its_report(visit: Visit) -> None:
    page = await visit()
    await page.route("**/api/tokens/*", unlisted)
    await page.click("#pick-out")
    await page.fill("#token-search", UNLISTED)
    await expect(page.locator(".token-report")).to_contain_text("its issuer can make more MINT_AUTHORITY")
    await page.keyboard.press("Enter")
    await expect(page.locator("#pick-out")).to_contain_text("NEW")
    await expect(page.locator("#token-warning")).to_have_text(
        "NEW: not on this engine's list, its issuer can make more."
    )


UNLISTED = "4k3Dyjzvzp8eMZWUXbBCjEvwSkkk59S5iCNLY3QrkX6R"


async def unlisted(route: Route) -> None:
    facts = {"symbol": "NEW", "name": "New Token", "verified": False, "decimals": 6, "supply": "1000000"}
    found = {"mint": UNLISTED, "refused": [], "warnings": ["UNVERIFIED", "MINT_AUTHORITY"]}
    await route.fulfill(json=facts | found)
