"""Orders that wait, on the page: their terms as sentences, the panel that lists them, the story of each."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.axe import serious_findings
from tests.browser.conftest import Visit
from tests.browser.engine import BrowsedEngine
from tests.browser.test_steady_page import tops

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

_LIMIT = {"type": "limit", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5", "limitPrice": "400"}
_OCO = {
    "type": "limit",
    "tokenIn": "SOL",
    "tokenOut": "USDC",
    "amountIn": "3",
    "orderClass": "oco",
    "takeProfit": {"limitPrice": "400"},
    "stopLoss": {"triggerPrice": "20"},
}


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def nothing_waits_afterwards(engine: BrowsedEngine) -> AsyncIterator[None]:
    yield
    await engine.post("/api/orders/cancel", {})


async def type_in(page: Page, kind: str, amount: str = "5") -> None:
    await page.fill("#amount", amount)
    await page.get_by_role("radio", name=kind, exact=True).check()


async def place(page: Page) -> None:
    await expect(page.locator("#execute")).to_have_text(re.compile("^Place: "))
    await page.click("#execute")


@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        (
            "Limit",
            {"limitPrice": "180"},
            "Sell 5 SOL when one brings 180 USDC or more; you get at least 900 USDC.",
        ),
        (
            "Stop",
            {"triggerPrice": "140"},
            "Sell 5 SOL when one brings 140 USDC or less, at the market then: about 700 USDC,"
            " at most 20 % below the first quote.",
        ),
        (
            "Stop",
            {"triggerPrice": "140", "stopLimit": "138.5"},
            "Sell 5 SOL when one brings 140 USDC or less, but only for at least 692.5 USDC.",
        ),
        (
            "Take profit",
            {"triggerPrice": "200"},
            "Sell 5 SOL when one brings 200 USDC or more, at the market then: about 1 000 USDC,"
            " at most 0.5 % below the first quote.",
        ),
        (
            "Trailing",
            {"trailBps": "2.5"},
            "Sell 5 SOL when it would bring 2.5 % less USDC than at its best, followed from now on.",
        ),
        (
            "OCO",
            {"takeProfit": "200", "stopLoss": "140"},
            "Sell 5 SOL when one brings 200 USDC or more, for at least 1 000 USDC; or when one brings"
            " 140 USDC or less, at the market, about 700 USDC. The first that fires cancels the other.",
        ),
        (
            "DCA",
            {"rounds": "4", "intervalSeconds": "2", "minPrice": "100", "maxPrice": "200"},
            "Sell 5 SOL in 4 rounds of 1.25 SOL, each at the market then: one every 2 hours, the first now,"
            " the last 6 hours later. A round is skipped when one brings less than 100 or more than 200"
            " USDC.",
        ),
    ],
)
async def test_an_order_is_said_in_words_while_it_is_typed(
    visit: Visit, kind: str, typed: dict[str, str], sentence: str
) -> None:
    page = await visit()
    await type_in(page, kind)
    for name, text in typed.items():
        await page.fill(f"#term-{name}", text)
    await expect(page.locator("#order-sentence")).to_have_text(sentence.replace("1 000", "1\u202f000"))


async def test_a_stop_has_a_slippage_of_its_own(visit: Visit) -> None:
    page = await visit()
    await type_in(page, "Stop")
    await expect(page.locator("#slippage-hint")).to_have_text("Counts once it has fired: 20 %.")
    await page.get_by_role("radio", name="1 %", exact=True).check()
    await expect(page.locator("#slippage-hint")).to_have_text("Counts once it has fired: 1 %.")


async def test_rounds_are_placed_paused_and_amended(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    await type_in(page, "DCA")
    await page.fill("#term-rounds", "1")
    await expect(page.locator("#problem-rounds")).to_have_text("From 2 to 1000")
    await page.fill("#term-rounds", "4")
    await page.fill("#term-intervalSeconds", "2")
    await page.fill("#term-minPrice", "1000")
    await place(page)
    row = page.locator(".open-row")
    # The band is above the price: the first round is skipped, and says so.
    await expect(row.locator(".open-level")).to_have_text(
        "round 2 of 4, one every 2 hours, from 1\u202f000\u00a0USDC per SOL"
    )
    await row.get_by_role("button", name=re.compile("^Pause")).click()
    await expect(row.locator(".open-state")).to_have_text("paused")
    await row.get_by_role("button", name=re.compile("^Amend")).click()
    await row.get_by_label("Last round").fill("3")
    await row.get_by_label("Skip below").fill("")
    await page.keyboard.press("Enter")
    await expect(row.locator(".open-level")).to_have_text("round 2 of 3, one every 2 hours")
    [order] = (await engine.get("/api/orders?status=open"))["results"]
    schedule = order["schedule"]
    assert (order["type"], order["priceOf"], schedule["intervalSeconds"]) == ("dca", "tokenIn", 7200)
    assert (schedule["lastRound"], schedule["minPrice"], schedule["paused"]) == (3, None, True)


async def test_a_line_on_the_chart_is_dragged_to_another_price(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    order = await engine.post("/api/orders/execute", _LIMIT)
    tag = page.locator(".order-tag")
    await expect(tag).to_have_text("Limit 400")
    box = await tag.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x, y + 10)
    await page.mouse.move(x, y + 20)
    shown = (await tag.inner_text()).removeprefix("Limit ")
    assert 200 < float(shown) < 400
    await page.mouse.up()
    row = page.locator(f".open-row[data-order-id='{order['orderId']}']")
    await expect(row.locator(".open-level")).to_have_text(f"≥ {shown} USDC per SOL")
    now = await engine.get(f"/api/orders/{order['orderId']}")
    assert (now["limitPrice"], now["version"]) == (shown, 2)


async def test_a_line_that_was_pressed_or_let_go_with_escape_changes_nothing(
    visit: Visit, engine: BrowsedEngine
) -> None:
    page = await visit()
    order = await engine.post("/api/orders/execute", _LIMIT)
    tag = page.locator(".order-tag")
    await tag.hover()
    await page.mouse.down()
    box = await tag.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 5, box["y"] + 40)
    await expect(tag).not_to_have_text("Limit 400")
    await page.keyboard.press("Escape")
    await page.mouse.up()
    await expect(tag).to_have_text("Limit 400")
    await tag.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Limit price")).to_be_focused()
    assert (await engine.get(f"/api/orders/{order['orderId']}"))["version"] == 1


async def test_a_buyer_says_what_one_costs(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    await page.click("#flip")
    await type_in(page, "Limit", "900")
    await page.fill("#term-limitPrice", "70")
    await expect(page.locator("#unit-limitPrice")).to_have_text("USDC per SOL")
    # Rounded up to the lamport, as the engine does.
    await expect(page.locator("#order-sentence")).to_have_text(
        "Buy SOL with 900 USDC when one costs 70 USDC or less; you get at least 12.857142858 SOL."
    )
    await place(page)
    card = page.locator(".order-card")
    await expect(card).to_have_attribute("data-status", "open")
    order = await engine.get(f"/api/orders/{await card.get_attribute('data-order-id')}")
    assert (order["type"], order["limitPrice"], order["priceOf"]) == ("limit", "70", "tokenOut")
    assert order["floorAmountOut"] == "12.857142858"


async def test_a_bracket_says_its_exits_and_ties_them(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    await page.click("#flip")
    await page.fill("#amount", "100")
    await page.get_by_label("Exits when filled").check()
    await page.fill("#term-takeProfit", "400")
    await page.fill("#term-stopLoss", "20")
    await expect(page.locator("#order-sentence")).to_have_text(
        "Once filled, sell all of it when one brings 400 USDC or more, or when one brings 20 USDC or less;"
        " the first that fires cancels the other."
    )
    await expect(page.locator("#execute")).to_have_text("Execute: 100 USDC → SOL")
    await page.click("#execute")
    group = page.locator(".open-group")
    await expect(group.locator(".open-row.open")).to_have_count(2)
    await expect(group.locator(".open-row.confirmed")).to_contain_text("filled: ")


async def test_what_the_engine_refuses_is_said_at_its_field(visit: Visit) -> None:
    page = await visit()
    await type_in(page, "Stop")
    await page.fill("#term-triggerPrice", "5000")
    await place(page)
    problem = page.locator("#problem-triggerPrice")
    await expect(problem).to_have_text(re.compile(r"^The price is beyond the trigger already: .+ USDC now$"))
    await expect(page.locator("#term-triggerPrice")).to_be_focused()
    await expect(page.locator("#term-triggerPrice")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator(".order-card")).to_have_count(0)
    await page.fill("#term-triggerPrice", "50")
    await expect(problem).to_have_text("")


async def test_an_order_ends_when_it_was_told_to(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    await type_in(page, "Limit")
    await page.fill("#term-limitPrice", "400")
    await page.locator("#term-expiresAt").select_option("for 1 day")
    await place(page)
    await expect(page.locator(".open-state")).to_have_text(re.compile("^waits for the price, until "))
    [order] = (await engine.get("/api/orders?status=open"))["results"]
    assert order["timeInForce"] == "gtd"
    assert order["expiresAt"] is not None


async def test_an_open_order_from_elsewhere_is_listed_with_its_distance(
    visit: Visit, engine: BrowsedEngine
) -> None:
    page = await visit()
    before = await tops(page)
    order = await engine.post("/api/orders/execute", _LIMIT)
    row = page.locator(f".open-row[data-order-id='{order['orderId']}']")
    await expect(row.locator(".open-level")).to_have_text("≥ 400 USDC per SOL")
    quote = (await engine.get("/api/quotes?tokenIn=SOL&tokenOut=USDC&amount=5"))["best"]
    now = int(quote["amountOutRaw"])
    bps = (2_000_000_000 - now) * 10_000 // now
    text = f"{bps / 100:.2f}".rstrip("0").rstrip(".")
    await expect(row.locator(".open-distance")).to_have_text(f"{text} % to go")
    assert await tops(page) == before
    await engine.post(f"/api/orders/{order['orderId']}/cancel", {})
    await expect(row).to_have_count(0)
    await expect(page.locator("#open-empty")).to_be_visible()


async def test_a_price_is_amended_in_its_row(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    order = await engine.post("/api/orders/execute", _LIMIT)
    row = page.locator(f".open-row[data-order-id='{order['orderId']}']")
    await row.get_by_role("button", name=re.compile("^Amend")).click()
    await expect(row.get_by_label("Limit price")).to_be_focused()
    await page.keyboard.type("410.5")
    await page.keyboard.press("Enter")
    await expect(row.locator(".open-level")).to_have_text("≥ 410.5 USDC per SOL")
    now = await engine.get(f"/api/orders/{order['orderId']}")
    assert (now["limitPrice"], now["version"]) == ("410.5", 2)


async def test_an_amendment_of_what_has_changed_overwrites_nothing(
    visit: Visit, engine: BrowsedEngine
) -> None:
    page = await visit()
    order = await engine.post("/api/orders/execute", _LIMIT)
    row = page.locator(f".open-row[data-order-id='{order['orderId']}']")
    await row.get_by_role("button", name=re.compile("^Amend")).click()
    # Somebody else is quicker: the engine has a newer version than the one that the page sends.
    await page.route(f"**/api/orders/{order['orderId']}", _with_an_older_version)
    await row.get_by_label("Limit price").fill("390")
    await page.keyboard.press("Enter")
    await expect(row.locator(".open-problem")).to_contain_text("It has changed meanwhile")
    assert (await engine.get(f"/api/orders/{order['orderId']}"))["limitPrice"] == "400"
    await page.unroute_all()
    await row.get_by_role("button", name="Save").click()
    await expect(row.locator(".open-level")).to_have_text("≥ 390 USDC per SOL")


async def _with_an_older_version(route: Any) -> None:
    if route.request.method != "PATCH":
        await route.fallback()
        return
    await route.continue_(post_data={**route.request.post_data_json, "version": 99})


async def test_two_that_belong_together_are_one_group(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    await engine.post("/api/orders/execute", _OCO)
    group = page.locator(".open-group")
    await expect(group.locator(".open-what b")).to_have_text(["Take profit", "Stop loss"])
    await expect(group.locator(".open-level")).to_have_text(["≥ 400 USDC per SOL", "≤ 20 USDC per SOL"])
    assert await serious_findings(page) == []
    await group.get_by_role("button", name="Cancel both").click()
    await expect(group).to_have_count(0)
    assert (await engine.get("/api/orders?status=open"))["results"] == []


async def test_cancel_all_asks_first(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    for price in ("400", "410"):
        await engine.post("/api/orders/execute", _LIMIT | {"limitPrice": price})
    await expect(page.locator(".open-row")).to_have_count(2)
    await page.click("#cancel-all")
    dialog = page.get_by_role("dialog", name="Cancel all open orders?")
    await expect(dialog).to_contain_text("2 open orders of yours will wait no more.")
    await expect(dialog.get_by_role("button", name="Keep them")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator(".open-row")).to_have_count(2)
    await page.click("#cancel-all")
    await dialog.get_by_role("button", name="Cancel all of them").click()
    await expect(page.locator(".open-row")).to_have_count(0)
    await expect(page.locator(".toast.good")).to_contain_text("2 cancelled")


async def test_the_card_says_what_an_order_waits_for_and_what_fired_it(
    visit: Visit, engine: BrowsedEngine
) -> None:
    page = await visit()
    await type_in(page, "Limit")
    await page.fill("#term-limitPrice", "400")
    await place(page)
    card = page.locator(".order-card")
    await expect(card.locator(".story li span")).to_have_text(
        "Waits for the price: fires when 5 SOL bring 2\u202f000 USDC or more."
    )
    names = await card.locator(".step-name").evaluate_all("all => all.map(e => e.firstChild.textContent)")
    assert names == ["Open", "Routing", "Building", "Submitted", "Confirmed"]
    row = page.locator(".open-row")
    await row.get_by_role("button", name=re.compile("^Amend")).click()
    await row.get_by_label("Limit price").fill("20")
    await page.keyboard.press("Enter")
    await expect(card).to_have_attribute("data-status", "confirmed")
    lines = card.locator(".story li span")
    await expect(lines.nth(1)).to_have_text("Amended: waits: fires when 5 SOL bring 100 USDC or more.")
    await expect(lines.nth(2)).to_have_text(
        re.compile(r"^Fired at slot \d+: 5 SOL would bring [\d.]+ USDC by .+\.$")
    )


async def test_when_one_of_two_fires_the_other_says_so(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    order = await engine.post("/api/orders/execute", _OCO)
    group = await engine.get(f"/api/groups/{order['groupId']}")
    [stop] = [each["orderId"] for each in group["orders"] if each["groupRole"] == "stop_loss"]
    row = page.locator(f".open-row[data-order-id='{stop}']")
    await row.get_by_role("button", name=re.compile("^Story")).click()
    limit = page.locator(f".open-row[data-order-id='{order['orderId']}']")
    await limit.get_by_role("button", name=re.compile("^Amend")).click()
    await limit.get_by_label("Limit price").fill("30")
    await page.keyboard.press("Enter")
    story = page.locator(f".order-card[data-order-id='{stop}'] .story li span")
    await expect(story.last).to_contain_text("Cancelled: the other order fired.")
