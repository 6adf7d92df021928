"""The admin as staff use it: dashboard, list, one order, cancel, CSV."""

from __future__ import annotations

import csv
import re
import time
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.axe import serious_findings
from tests.browser.conftest import Visit
from tests.browser.engine import BrowsedEngine
from tests.browser.staff import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STAFF = "overseer"
LIST = "/admin/orders/order/"
# Pages that stand for themselves, and one list that has rows.
DESK = ("dayfigures", "daysales", "workerprocess", "tradingswitch", "auditentry", "knownpool")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def staffed(engine: BrowsedEngine) -> BrowsedEngine:
    """The engine with somebody who may sign in, one order that confirms and one that fails."""
    engine.add_staff(STAFF)
    await engine.post("/api/orders/execute", {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "4"})
    await engine.post("/api/orders/execute", {"tokenIn": "JUP", "tokenOut": "USDC", "amountIn": "41000000"})
    return engine


async def confirmed_order(visit: Visit) -> tuple[Page, str]:
    """An order's id that is confirmed, and the order page that says so."""
    page = await visit()
    await page.fill("#amount", "1.5")
    await expect(page.locator("#execute")).to_have_text(re.compile("^Execute"))
    await page.click("#execute")
    card = page.locator(".order-card.confirmed")
    await expect(card).to_be_visible()
    return page, str(await card.get_attribute("data-order-id"))


async def test_the_dashboard_tells_how_orders_went(visit: Visit, staffed: BrowsedEngine) -> None:
    page, _ = await confirmed_order(visit)
    await sign_in(page, staffed, STAFF)
    await expect(page.locator(".oe-title")).to_have_text("Orders of the last hour")
    cards = page.locator(".oe-card")
    await expect(cards.locator("h3")).to_have_text(
        [
            *("Success", "POST → submitted", "POST → confirmed", "Realised slippage"),
            *("Fees paid, SOL", "Oldest due order"),
        ]
    )
    await expect(cards.nth(4).locator(".oe-big")).to_have_text(re.compile(r"^0\.0000\d+$"))
    await expect(cards.nth(2).locator(".oe-big")).to_have_text(re.compile(r"^\d+ ms$"))
    assert await page.locator(".oe-flow rect.oe-confirmed").count() >= 1
    await page.get_by_role("link", name="Last 24 hours").click()
    await expect(page.locator(".oe-title")).to_have_text("Orders of the last 24 hours")
    await page.locator("#oe-failures + ul").get_by_role("link", name="INSUFFICIENT_FUNDS").click()
    await expect(page.locator("#result_list small").first).to_have_text("INSUFFICIENT_FUNDS")


async def test_an_order_is_found_and_shown_with_its_quotes(visit: Visit, staffed: BrowsedEngine) -> None:
    page, order_id = await confirmed_order(visit)
    order = await staffed.get(f"/api/orders/{order_id}")
    await sign_in(page, staffed, STAFF)
    await page.goto(f"{staffed.url}{LIST}")
    await page.fill("#searchbar", order["txHash"][:12])
    await page.press("#searchbar", "Enter")
    await page.get_by_role("link", name=order_id[:8]).click()
    await expect(page.locator(".oe-timeline tbody tr")).to_have_count(5)
    quotes = page.get_by_role("table").filter(has_text="Against best")
    await expect(quotes).to_contain_text(f"{order['venue']} chosen")
    await expect(page.locator(".oe-route .oe-leg b")).to_have_text([order["venue"]])
    await expect(quotes.locator("tbody tr").nth(1)).to_contain_text(re.compile(r"-\d+\.\d bps"))
    attempt = page.locator("#attempts-group")
    await expect(attempt).to_contain_text("landed")
    await expect(attempt.locator("a.oe-link")).to_have_attribute("href", order["explorerUrl"])


async def test_chosen_orders_are_cancelled_or_told_too_late(visit: Visit, staffed: BrowsedEngine) -> None:
    page, order_id = await confirmed_order(visit)
    await sign_in(page, staffed, STAFF)
    await page.goto(f"{staffed.url}{LIST}?q={order_id}")
    await page.check("input.action-select")
    await page.select_option("select[name=action]", "cancel_orders")
    await page.get_by_role("button", name="Run").click()
    await expect(page.get_by_text("1 order not cancelled, too late: 1 confirmed.")).to_be_visible()


async def test_chosen_orders_come_as_csv(visit: Visit, staffed: BrowsedEngine, tmp_path: Path) -> None:
    page, order_id = await confirmed_order(visit)
    await sign_in(page, staffed, STAFF)
    await page.goto(f"{staffed.url}{LIST}?q={order_id}")
    await page.check("input.action-select")
    await page.select_option("select[name=action]", "export_csv")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Run").click()
    await (await download.value).save_as(tmp_path / "orders.csv")
    with (tmp_path / "orders.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    order = await staffed.get(f"/api/orders/{order_id}")
    assert [(row["orderId"], row["status"]) for row in rows] == [(order_id, "confirmed")]
    assert rows[0]["executedAmountOutRaw"] == order["executedAmountOutRaw"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_has_no_serious_finding_in_the_admin(
    visit: Visit, staffed: BrowsedEngine, scheme: str
) -> None:
    page = await visit(color_scheme=scheme)
    await page.goto(f"{staffed.url}/admin/login/")
    assert await serious_findings(page) == []
    await sign_in(page, staffed, STAFF)
    assert await serious_findings(page) == []
    await page.goto(f"{staffed.url}{LIST}?status=confirmed")
    await page.locator("#result_list tbody a").first.click()
    await expect(page.locator(".oe-timeline")).to_be_visible()
    assert await serious_findings(page) == []
    for desk in DESK:
        await page.goto(f"{staffed.url}/admin/orders/{desk}/")
        assert await serious_findings(page) == [], desk
    await page.goto(f"{staffed.url}/admin/orders/knownpool/")
    await page.locator("#result_list tbody a").first.click()
    await expect(page.get_by_role("button", name="Switch this pool off")).to_be_visible()
    assert await serious_findings(page) == []


async def test_the_switch_is_thrown_on_its_page_and_every_page_says_so(
    visit: Visit, staffed: BrowsedEngine
) -> None:
    page = await visit()
    await sign_in(page, staffed, STAFF)
    await page.get_by_role("link", name="Kill switch").click()
    await page.get_by_label("Reason").fill("odd fills")
    await page.get_by_role("button", name="Switch trading off").click()
    try:
        await expect(page.locator("#oe-trading [role=status]")).to_contain_text(f"by {STAFF}: odd fills")
        await page.goto(f"{staffed.url}{LIST}")
        await expect(page.locator("p.oe-halted")).to_contain_text("odd fills")
        assert await serious_findings(page, "p.oe-halted") == []
    finally:
        await page.goto(f"{staffed.url}/admin/orders/tradingswitch/")
        await page.get_by_role("button", name="Switch trading on").click()
        await expect(page.locator("#oe-trading [role=status]")).to_contain_text("Trading is on")
    await expect(page.locator("#oe-thrown + div tbody tr").nth(1)).to_contain_text("odd fills")


async def test_days_show_what_was_traded_today(visit: Visit, staffed: BrowsedEngine) -> None:
    page, _ = await confirmed_order(visit)
    await sign_in(page, staffed, STAFF)
    deadline = time.monotonic() + 30
    while True:
        await page.goto(f"{staffed.url}/admin/orders/dayfigures/")
        if await page.locator("#oe-users + div tbody tr", has_text="local").count():
            break
        assert time.monotonic() < deadline, "no order was counted"
    await expect(page.locator("#oe-volume ~ .oe-plot rect.oe-volume")).to_have_count(1)
    await page.locator("#oe-users + div").get_by_role("link", name="local").click()
    await expect(page.locator("#result_list tbody tr").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_has_no_serious_finding_in_the_list_of_orders(
    visit: Visit, staffed: BrowsedEngine, scheme: str
) -> None:
    page = await visit(color_scheme=scheme)
    await sign_in(page, staffed, STAFF)
    await page.goto(f"{staffed.url}{LIST}")
    await expect(page.locator("#result_list small").first).to_have_text("INSUFFICIENT_FUNDS")
    assert await serious_findings(page) == []
    for box in await page.locator("input.action-select").all():
        # By keyboard: the bar of actions covers the last of them.
        await box.press("Space")
    await expect(page.locator("#changelist-actions select")).to_be_visible()
    assert await serious_findings(page) == []
    await page.reload()
    await page.locator("#content, main").get_by_text("Filters", exact=False).first.click()
    await expect(page.get_by_text("By status").first).to_be_visible()
    assert await serious_findings(page) == []


async def test_the_admin_fits_360_pixels(visit: Visit, staffed: BrowsedEngine) -> None:
    page = await visit(viewport={"width": 360, "height": 740})
    await sign_in(page, staffed, STAFF)
    widths = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    assert await page.evaluate(widths) == [360, 360]
    await page.goto(f"{staffed.url}{LIST}?status=confirmed")
    await page.locator("#result_list tbody a").first.click()
    await expect(page.locator(".oe-timeline")).to_be_visible()
    assert await page.evaluate(widths) == [360, 360]


async def test_the_page_says_who_looks_and_whether_trading_is_on(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    await page.click("#who summary")
    await expect(page.locator("#who-kind")).to_have_text("local, known by this machine")
    await expect(page.locator("#trading-state")).to_have_text("on")
    await expect(page.locator("#throw-switch")).to_be_hidden()
    engine.add_staff("watcher")
    await sign_in(page, engine, "watcher")
    await page.goto(engine.url)
    await page.click("#who summary")
    await expect(page.locator("#who-kind")).to_have_text("watcher, staff")
    try:
        await throw_the_switch(page)
    finally:
        engine.manage("trading", "on")
    await page.click("#who summary")
    await page.locator("#who").get_by_role("button", name="Sign out").click()
    await page.wait_for_url(f"{engine.url}/")
    await expect(page.locator("#who-name")).to_have_text("local")


async def throw_the_switch(page: Page) -> None:
    """Off with a reason, which is asked for, and on again; it is for staff alone."""
    button = page.get_by_role("button", name="The kill switch…")
    await button.click()
    dialog = page.get_by_role("dialog", name="Switch trading off?")
    assert await serious_findings(page, "#switch-dialog") == []
    await dialog.get_by_label("Reason").fill("a node is being moved")
    await dialog.get_by_role("button", name="Switch off").click()
    await expect(page.locator("#trading-state")).to_have_text("off: a node is being moved")
    await page.fill("#amount", "1")
    await expect(page.locator("#execute")).to_have_text("Trading is off")
    await page.click("#who summary")
    await button.click()
    dialog = page.get_by_role("dialog", name="Switch trading on?")
    await expect(dialog).to_contain_text("It is off because of: a node is being moved.")
    await dialog.get_by_role("button", name="Switch on").click()
    await expect(page.locator("#trading-state")).to_have_text("on")
