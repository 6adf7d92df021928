"""The history of the order page: filters, pages, details, CSV."""

from __future__ import annotations

import csv
import re
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import Visit
from tests.browser.engine import BrowsedEngine

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def some_orders(engine: BrowsedEngine) -> None:
    for number in range(24):
        pair = (
            {"tokenIn": "SOL", "tokenOut": "USDC"} if number % 2 else {"tokenIn": "USDC", "tokenOut": "SOL"}
        )
        await engine.post("/api/orders/execute", {**pair, "amountIn": str(10 + number)})
    too_much = {
        "tokenIn": "JUP",
        "tokenOut": "USDC",
        "amountIn": "41000000",
        "clientOrderId": "=HYPERLINK(1)",
    }
    await engine.post("/api/orders/execute", too_much)


async def test_filters_narrow_the_table_and_reset(visit: Visit) -> None:
    page = await visit()
    await page.select_option("select[name=status]", "failed")
    await page.select_option("select[name=token]", label="JUP")
    rows = page.locator(".order-row")
    await expect(page.locator(".order-row[data-status=failed]").first).to_be_visible()
    await expect(page.locator(".order-row:not([data-status=failed])")).to_have_count(0)
    await page.select_option("select[name=status]", "expired")
    await expect(page.locator("#history-empty-text")).to_have_text("No order fits these filters.")
    await page.locator("#filters").get_by_role("button", name="Reset").click()
    await expect(rows).to_have_count(20)


async def test_days_are_those_of_the_visitors_clock_the_last_one_included(visit: Visit) -> None:
    page = await visit(timezone_id="Pacific/Auckland")
    async with page.expect_request(lambda asked: "since=" in asked.url) as first:
        await page.get_by_label("From", exact=True).fill("2026-03-01")
    assert days_of((await first.value).url) == ("2026-02-28T11:00:00.000Z", None)
    async with page.expect_request(lambda asked: "until=" in asked.url) as second:
        await page.get_by_label("To", exact=True).fill("2026-04-05")
    # Summer time ends on that day.
    assert days_of((await second.value).url) == ("2026-02-28T11:00:00.000Z", "2026-04-05T12:00:00.000Z")


def days_of(address: str) -> tuple[str | None, str | None]:
    query = parse_qs(urlsplit(address).query)
    return query.get("since", [None])[0], query.get("until", [None])[0]


async def test_days_narrow_the_table_and_the_csv(visit: Visit, engine: BrowsedEngine, tmp_path: Path) -> None:
    page = await visit(timezone_id="UTC")
    newest = (await engine.get("/api/orders?limit=1"))["results"][0]
    day = date.fromisoformat(newest["createdAt"][:10])
    since, until = page.get_by_label("From", exact=True), page.get_by_label("To", exact=True)
    row = page.locator(f".order-row[data-row='{newest['orderId']}']")
    await since.fill(str(day))
    await until.fill(str(day))
    await expect(row).to_be_visible()
    await until.fill(str(day - timedelta(days=1)))
    await expect(page.locator("#history-empty-text")).to_have_text("No order fits these filters.")
    await expect(page.locator("#history-problem")).to_have_text("From lies after To: no day is between them.")
    await expect(until).to_have_attribute("aria-invalid", "true")
    async with page.expect_download() as download:
        await page.click("#export-csv")
    await (await download.value).save_as(tmp_path / "orders.csv")
    assert len((tmp_path / "orders.csv").read_text().splitlines()) == 1
    await page.locator("#filters").get_by_role("button", name="Reset").click()
    await expect(row).to_be_visible()
    await expect(page.locator("#history-problem")).to_have_text("")


async def test_days_are_entered_by_keyboard(visit: Visit) -> None:
    page = await visit()
    await page.locator("select[name=token]").press("Tab")
    # The same day and month: browsers differ in which comes first.
    await page.keyboard.type("02022026")
    await expect(page.get_by_label("From", exact=True)).to_have_value("2026-02-02")
    await expect(page.locator(".order-row")).to_have_count(20)


async def test_the_executed_price_stands_beside_the_quoted_one(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    row = page.locator(".order-row[data-status=confirmed]").first
    order = await engine.get(f"/api/orders/{await row.get_attribute('data-row')}")
    await expect(row.locator("[data-label='Quoted price']")).to_have_text(re.compile(r"^\d+\.\d+$"))
    shown = await row.locator("[data-label='Executed price']").inner_text()
    assert order["executedPrice"].startswith(shown)
    bps = order["slippageRealisedBps"]
    text = f"{'+' if bps > 0 else ''}{bps} bps".replace("-", "−")
    await expect(row.locator("[data-label='Slippage']")).to_have_text(text)


async def test_pages_go_back_and_forth(visit: Visit) -> None:
    page = await visit()
    ids = "all => all.map(e => e.dataset.row)"
    rows = page.locator(".order-row")
    await expect(rows).to_have_count(20)
    newest = await rows.evaluate_all(ids)
    await page.click("#older")
    await expect(page.locator("#history-page")).to_have_text("Page 2")
    assert not set(newest) & set(await rows.evaluate_all(ids))
    await page.click("#newer")
    await expect(page.locator("#history-page")).to_have_text("Page 1")
    assert await rows.evaluate_all(ids) == newest


async def test_a_row_unfolds_to_its_steps_and_attempts(visit: Visit) -> None:
    page = await visit()
    row = page.locator(".order-row[data-status=confirmed]").first
    await row.locator(".expand").press("Enter")
    await expect(row.locator(".expand")).to_have_attribute("aria-expanded", "true")
    details = page.locator(".details")
    # Five steps, and more of an order that was tried again.
    await expect(details.locator(".journal li").nth(4)).to_be_visible()
    await expect(details.locator(".attempts li")).to_contain_text("landed")
    await page.click("#refresh-history")
    await expect(details).to_be_visible()


async def test_the_csv_holds_every_order_that_fits_and_no_formula(
    visit: Visit, engine: BrowsedEngine, tmp_path: Path
) -> None:
    page = await visit()
    await page.select_option("select[name=token]", label="JUP")
    async with page.expect_download() as download:
        await page.click("#export-csv")
    target = tmp_path / "orders.csv"
    await (await download.value).save_as(target)
    with target.open(newline="") as file:
        rows = list(csv.DictReader(file))
    listed = (await engine.get("/api/orders?token=JUP&limit=200"))["results"]
    assert [row["orderId"] for row in rows] == [order["orderId"] for order in listed]
    odd = next(row for row in rows if row["clientOrderId"].endswith("HYPERLINK(1)"))
    assert (odd["clientOrderId"], odd["amountIn"], odd["errorCode"]) == (
        "'=HYPERLINK(1)",
        "41000000",
        "INSUFFICIENT_FUNDS",
    )
