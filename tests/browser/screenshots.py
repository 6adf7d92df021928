"""Takes the pictures of the documentation, and the film of the README: `script/screenshots`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.browser.chromium import find_chromium, launched
from tests.browser.engine import ROOT, BrowsedEngine
from tests.browser.film import filmed
from tests.browser.staff import sign_in

FOLDER = ROOT / "docs" / "screenshots"
ADMIN = "screenshots"
# Enough quotes for a line on the chart; the page asks every five seconds.
_QUOTES = 8
_TRADES = (
    ("SOL", "120"),
    ("USDC", "61000"),
    ("SOL", "45"),
    ("SOL", "310"),
    ("USDC", "18000"),
    ("USDC", "33000"),
)
_FIVE: Final = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5"}
# Prices are per cent of the one of now.
_WAITING: Final[Sequence[Mapping[str, Any]]] = (
    {"type": "limit", "limitPrice": 102},
    {"orderClass": "oco", "takeProfit": {"limitPrice": 103}, "stopLoss": {"triggerPrice": 98}},
    {"type": "trailing_stop", "trailBps": 250},
    {"type": "dca", "rounds": 10, "intervalSeconds": 3600, "minPrice": 95},
)
# What is typed for the film, and how long its viewer may look at what came of it.
_FILMED = ("2.5", "40")
_LOOK_MS = 1_200
_SCENE = ViewportSize(width=1280, height=800)
_DESKTOP = ViewportSize(width=1280, height=860)
_ORDER = ViewportSize(width=1280, height=1240)
_NARROW = ViewportSize(width=360, height=1560)


async def main() -> None:
    """Start an engine, trade on it, and take every picture."""
    executable = find_chromium()
    if executable is None:
        sys.exit("script/screenshots: no Chromium found, try: apt-get install chromium")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, BrowsedEngine(Path(folder)) as engine:
        async with launched(executable) as browser:
            await film_page(browser, engine)
            await picture_page(browser, engine)
            await picture_admin(browser, engine)


async def film_page(browser: Browser, engine: BrowsedEngine) -> None:
    """An amount is typed, quotes come, an order is executed step by step and appears in the history."""
    context = await browser.new_context(viewport=_SCENE, color_scheme="light")
    page = await context.new_page()
    await page.goto(engine.url)
    await expect(page.locator("#connection")).to_have_text("Live")
    await page.fill("#amount", "")
    await expect(page.locator("#execute")).to_have_text("Enter an amount")
    async with filmed(page) as film:
        for amount in _FILMED:
            await page.locator("#amount").press_sequentially(amount, delay=150)
            await expect(page.locator("#execute")).to_have_text(f"Execute: {amount} SOL → USDC")
            await page.wait_for_timeout(_LOOK_MS)
            await page.click("#execute")
            card = page.locator(".order-card", has_text=f"{amount} SOL").first
            await expect(card).to_have_attribute("data-status", "confirmed", timeout=15_000)
            await page.wait_for_timeout(_LOOK_MS)
            await page.fill("#amount", "")
    film.save(FOLDER / "page.gif")
    report(FOLDER / "page.gif")
    await context.close()


async def picture_page(browser: Browser, engine: BrowsedEngine) -> None:
    context = await browser.new_context(viewport=_DESKTOP, color_scheme="light", reduced_motion="reduce")
    page = await context.new_page()
    await page.goto(engine.url)
    await trade(page, engine)
    await wait_for_prices(engine)
    for amount in ("3", "12.5"):
        await page.fill("#amount", amount)
        await expect(page.locator("#execute")).to_have_text(f"Execute: {amount} SOL → USDC")
        await page.click("#execute")
    card = page.locator(".order-card", has_text="12.5 SOL")
    await expect(card).to_have_attribute("data-status", "confirmed", timeout=15_000)
    row = page.locator(f".order-row[data-row='{await card.get_attribute('data-order-id')}']")
    await expect(row).to_have_attribute("data-status", "confirmed")
    await page.evaluate("document.activeElement.blur()")
    await show_the_portfolio_of_now(page)
    await expect(page.locator(".toast")).to_have_count(0, timeout=15_000)
    await save(page, "page-light", full=True)
    await page.click("#theme-toggle")
    await save(page, "page-dark", full=True)
    await page.set_viewport_size(_NARROW)
    await save(page, "page-narrow")
    await context.close()


async def show_the_portfolio_of_now(page: Page) -> None:
    """It is read anew when it comes into sight."""
    async with page.expect_response(lambda answer: "/api/portfolio/history" in answer.url):
        await page.locator("#portfolio-frame").scroll_into_view_if_needed()
    await page.evaluate("scrollTo(0, 0)")


async def trade(page: Page, engine: BrowsedEngine) -> None:
    """Orders on both sides and one that fails, while the page gathers quotes."""
    await engine.post("/api/orders/execute", {"tokenIn": "JUP", "tokenOut": "USDC", "amountIn": "50000000"})
    trades = cycle(_TRADES)
    for _ in range(_QUOTES):
        async with page.expect_response(lambda answer: "/api/quotes" in answer.url):
            pass
        paid, amount = next(trades)
        received = "USDC" if paid == "SOL" else "SOL"
        await engine.post("/api/orders/execute", {"tokenIn": paid, "tokenOut": received, "amountIn": amount})


async def wait_for_prices(engine: BrowsedEngine) -> None:
    """Orders that wait near the price of now."""
    quotes = await engine.get("/api/quotes?tokenIn=SOL&tokenOut=USDC&amount=5")
    price = Decimal(quotes["best"]["price"])
    for terms in _WAITING:
        await engine.post("/api/orders/execute", {**_FIVE, **_at(price, terms)})


def _at(price: Decimal, terms: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in terms.items():
        if isinstance(value, Mapping):
            found[name] = _at(price, value)
        else:
            found[name] = f"{price * value / 100:.2f}" if name.endswith("Price") else value
    return found


async def picture_admin(browser: Browser, engine: BrowsedEngine) -> None:
    engine.add_staff(ADMIN)
    context = await browser.new_context(viewport=_DESKTOP, color_scheme="light")
    page = await context.new_page()
    await sign_in(page, engine, ADMIN)
    await save(page, "admin-dashboard", full=True)
    await page.goto(f"{engine.url}/admin/orders/order/")
    await save(page, "admin-orders")
    await page.get_by_role(
        "link", name=newest_confirmed(await engine.get("/api/orders?status=confirmed"))
    ).click()
    await page.wait_for_url("**/change/")
    await page.set_viewport_size(_ORDER)
    await save(page, "admin-order")
    await context.close()


def newest_confirmed(listed: Any) -> str:
    """The name that the admin's list gives to the newest confirmed order."""
    return str(listed["results"][0]["orderId"][:8])


async def save(page: Page, name: str, *, full: bool = False) -> None:
    await page.wait_for_load_state("networkidle")
    target = FOLDER / f"{name}.png"
    await page.screenshot(path=target, full_page=full)
    report(target)


def report(target: Path) -> None:
    """Name a picture that was made."""
    print(f"{target.relative_to(ROOT)}  {target.stat().st_size // 1024} KB")


if __name__ == "__main__":
    asyncio.run(main())
