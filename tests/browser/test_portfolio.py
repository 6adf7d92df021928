"""The portfolio on the page: figures as the API says them, fills, the curve, CSV."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.axe import serious_findings
from tests.browser.conftest import Visit
from tests.browser.engine import BrowsedEngine
from tests.browser.test_order_page import complete, place

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_portfolio_follows_what_was_swapped(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit(color_scheme="dark")
    await page.click("#flip")
    await place(page, "150")
    await expect(page.locator(".order-card.confirmed")).to_have_count(1)
    await page.keyboard.press("p")
    found = await engine.get("/api/portfolio")
    [sol] = [each for each in found["tokens"] if each["token"] == "SOL"]
    row = page.locator(".portfolio-table tr", has=page.locator(".disc.SOL"))
    bought = row.locator("td[data-label='Swapped here'] .amount")
    await expect(bought).to_have_attribute("title", sol["quantity"].replace(" ", ""))
    await expect(row.locator("td[data-label='Average cost'] .amount")).to_have_attribute(
        "title", f"{sol['averageCostUsdc']} USDC"
    )
    assert await serious_findings(page, ".portfolio") == []
    await page.get_by_role("button", name="Fills", exact=True).click()
    first = page.locator(".portfolio-table tbody tr").first
    await expect(first).to_contain_text("150 USDC → ")
    await expect(first).to_contain_text("0.000005 SOL")


async def test_the_curve_is_read_by_keys_and_the_table_comes_as_csv(visit: Visit, tmp_path: Path) -> None:
    page = await visit()
    await complete(page)
    await page.keyboard.press("p")
    await page.get_by_role("group", name="Time shown on the curve").get_by_role("button", name="1 h").click()
    curve = page.get_by_role("group", name="Curve of profit")
    await curve.focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#curve-says")).to_have_text(
        re.compile(r"^[+−]?\d[\d\u202f]*(\.\d+)? \d\d:\d\d:\d\d$")
    )
    async with page.expect_download() as download:
        await page.click("#portfolio-csv")
    file = tmp_path / "portfolio.csv"
    await (await download.value).save_as(file)
    lines = file.read_text().splitlines()
    assert lines[0].split(",")[:5] == ["token", "mint", "decimals", "balance", "balanceRaw"]
    assert [line.split(",")[0] for line in lines[1:]] == ["SOL", "USDC", "USDT", "JUP", "BONK"]
