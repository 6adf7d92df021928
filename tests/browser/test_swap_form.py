"""The swap form: parts of the balance, automatic slippage, shortcuts, deep links, choices that are kept."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Visit
from tests.browser.engine import BrowsedEngine
from tests.browser.test_order_page import complete, place

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


async def test_what_is_typed_to_receive_is_bought_exactly(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    await page.fill("#receive", "50")
    await expect(page.locator("#execute")).to_have_text(re.compile(r"^Execute: 0\.30\d+ SOL → 50 USDC$"))
    await expect(page.locator("#slippage-hint")).to_have_text(
        re.compile(r"^At most 0\.30\d+ SOL, or no swap\.$")
    )
    await expect(page.locator("#worth-in")).to_have_text("≈ 50.00 USD")
    await page.click("#execute")
    card = page.locator(".order-card.confirmed")
    await expect(card.locator("h3")).to_contain_text("SOL → 50 USDC")
    order = await engine.get(f"/api/orders/{await card.get_attribute('data-order-id')}")
    assert (order["swapMode"], order["executedAmountOut"]) == ("exactOut", "50")
    # It is kept, and gives way to what is typed above it.
    await page.reload()
    await expect(page.locator("#execute")).to_have_text(re.compile(r" SOL → 50 USDC$"))
    await page.fill("#amount", "2")
    await expect(page.locator("#execute")).to_have_text("Execute: 2 SOL → USDC")
    # What waits has no exact output: the amount above is what is paid.
    await complete(page)
    await page.get_by_label("Limit", exact=True).check(force=True)
    await expect(page.locator("#receive")).not_to_be_editable()


async def test_a_click_inverts_the_price(visit: Visit) -> None:
    page = await visit()
    price = page.locator(".price-button")
    await expect(price).to_have_text(re.compile(r"^16\d\.\d+ USDC per SOL$"))
    await price.click()
    await expect(price).to_have_text(re.compile(r"^0\.006\d+ SOL per USDC$"))
    await page.reload()
    await expect(price).to_have_text(re.compile(r"^0\.006\d+ SOL per USDC$"))


async def test_favourites_come_first_and_known_tokens_have_signs(visit: Visit) -> None:
    page = await visit()
    await page.click("#pick-out")
    await expect(page.locator(".token-option .disc.drawn")).to_have_count(5)
    await page.keyboard.press("End")
    favourite = page.get_by_role("button", name="BONK is no favourite")
    await favourite.click()
    await expect(page.locator(".token-option").first).to_contain_text("BONK")
    await page.keyboard.press("Escape")
    await page.reload()
    await page.click("#pick-in")
    await expect(page.locator(".token-option").first).to_contain_text("BONK favourite")


async def test_keys_do_what_the_list_says(visit: Visit) -> None:
    page = await visit()
    await complete(page)
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
    # It is asked once more before the first purchase, and read again on the next visit.
    await page.route("**/api/quotes?*", of_the_unlisted)
    await page.fill("#amount", "1")
    await expect(page.locator("#execute")).to_have_text("Execute: 1 SOL → NEW")
    await page.click("#execute")
    dialog = page.get_by_role("dialog", name="Your first purchase of NEW")
    await expect(dialog).to_contain_text("its issuer can make more MINT_AUTHORITY")
    await dialog.get_by_role("button", name="Keep my tokens").click()
    await page.reload()
    await expect(page.locator("#pick-out")).to_contain_text("NEW")


UNLISTED = "4k3Dyjzvzp8eMZWUXbBCjEvwSkkk59S5iCNLY3QrkX6R"


async def unlisted(route: Route) -> None:
    facts = {"symbol": "NEW", "name": "New Token", "verified": False, "decimals": 6, "supply": "1000000"}
    found = {"mint": UNLISTED, "refused": [], "warnings": ["UNVERIFIED", "MINT_AUTHORITY"]}
    await route.fulfill(json=facts | found)


async def of_the_unlisted(route: Route) -> None:
    address = route.request.url.replace(UNLISTED, "USDC")
    fetched = await route.fetch(url=address)
    await route.fulfill(response=fetched, json=await fetched.json() | {"tokenOut": UNLISTED})
