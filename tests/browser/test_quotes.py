"""The quotes of the order page: the best route drawn, those that lost, their age, and what is missing."""

from __future__ import annotations

import re
import time

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.engine import BrowsedEngine
from tests.factories import POOL

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_best_route_stands_over_all_that_lost(visit: Visit, engine: BrowsedEngine) -> None:
    page = await visit()
    async with page.expect_response(re.compile("/api/quotes.*amount=0.01&")) as answer:
        await page.fill("#amount", "0.01")
    board = await (await answer.value).json()
    await expect(page.locator("#quote-for")).to_have_text("for 0.01 SOL")
    await expect(page.locator(".quote-out")).to_have_count(1)
    losers = page.locator("#quote-others .loser:not(.none)")
    await expect(losers).to_have_count(len(board["quotes"]) - 1)
    assert await losers.locator(".dex.orca").count() >= 1
    best, second = (int(quote["amountOutRaw"]) for quote in board["quotes"][:2])
    lead = round((best - second) * 10_000 / best, 1)
    sign = "+" if lead else "±"
    await expect(page.locator(".quote.best .best-mark")).to_have_text(f"BEST {sign}{lead} bps")
    await expect(losers.first.locator(".loser-gap")).to_have_text(f"{sign.replace('+', '−')}{lead} bps")
    facts = await page.locator(".quote.best dt").all_text_contents()
    assert facts == ["Price", "Impact", "Cost", "LP fee", "At least"]


async def test_a_route_is_drawn_with_shares_and_hops(visit: Visit) -> None:
    page = await visit()
    await page.route("**/api/quotes?*", with_a_split)
    await page.fill("#amount", "3")
    drawing = page.locator(".quote.best .route")
    await expect(drawing.locator(".route-share")).to_have_text(["60 %", "40 %"])
    await expect(drawing.locator(".route-path").nth(1).locator(".dex")).to_have_text(
        ["Orca Whirlpool", "Raydium CLMM"]
    )
    await expect(drawing).to_have_attribute(
        "aria-label", "Route: 60 % Meteora DAMM v2, 40 % Orca Whirlpool → Raydium CLMM over USDT"
    )


async def with_a_split(route: Route) -> None:
    answer = await route.fetch()
    board = await answer.json()
    board["best"]["route"] = board["quotes"][0]["route"] = [
        path(6000, leg("meteora-damm-v2", "SOL", "USDC")),
        path(4000, leg("orca-whirlpool", "SOL", "USDT"), leg("raydium-clmm", "USDT", "USDC")),
    ]
    await route.fulfill(response=answer, json=board)


def path(share: int, *legs: dict[str, str]) -> dict[str, object]:
    return {"shareBps": share, "amountIn": "1", "amountOut": "165", "legs": list(legs)}


def leg(venue: str, token_in: str, token_out: str) -> dict[str, str]:
    amounts = {"amountIn": "1", "amountOut": "165"}
    return amounts | {
        "dex": venue.split("-")[0],
        "venue": venue,
        "pool": POOL,
        "tokenIn": token_in,
        "tokenOut": token_out,
    }


async def test_quotes_refresh_themselves(visit: Visit) -> None:
    page = await visit()
    for _ in range(2):
        async with page.expect_response(re.compile("/api/quotes")) as answer:
            pass
        assert (await answer.value).status == 200


async def choose(page: Page, side: str, symbol: str) -> None:
    """Pick the token of a side, "in" or "out", by its symbol in lower case."""
    await page.click(f"#pick-{side}")
    await page.fill("#token-search", symbol)
    # The tokens may not be there yet.
    await expect(page.locator(".token-option")).to_have_count(1)
    await page.keyboard.press("Enter")


async def test_a_large_order_shows_its_impact_and_is_held_back(visit: Visit) -> None:
    page = await visit()
    await choose(page, "in", "jup")
    await choose(page, "out", "usdt")
    await page.fill("#amount", "39000000")
    await expect(page.locator("#quote-for")).to_have_text("for 39\u202f000\u202f000 JUP")
    await expect(page.locator(".quote .impact.red")).to_have_count(2)
    await expect(page.locator("#execute")).to_have_text(re.compile(r"^Price impact \d\d\.\d+ % is too high$"))


async def test_a_pair_without_pools_of_its_own_goes_over_another_token(visit: Visit) -> None:
    page = await visit()
    await page.fill("#amount", "1")
    await choose(page, "in", "jup")
    await choose(page, "out", "bonk")
    await expect(page.locator("#execute")).to_have_text("Execute: 1 JUP → BONK")


async def test_a_venue_that_is_down_is_told_beside_the_other_one(visit: Visit) -> None:
    page = await visit()
    await page.route("**/api/quotes?*", without_meteora)
    await page.fill("#amount", "3")
    down = page.locator(".loser.none[data-dex=meteora] .down")
    await expect(down).to_have_text("No quote: The pool does not accept swaps nowPOOL_DISABLED")
    await expect(page.locator(".quote[data-dex=raydium] .best-mark")).to_have_text("BEST")
    await expect(page.locator("#execute")).to_have_text("Execute: 3 SOL → USDC")


async def without_meteora(route: Route) -> None:
    answer = await route.fetch()
    board = await answer.json()
    board["quotes"] = [quote for quote in board["quotes"] if quote["dex"] == "raydium"][:1]
    board["best"] = board["quotes"][0]
    words = "The pool does not accept swaps now"
    board["errors"] = [{"venue": "meteora-damm-v2", "code": "POOL_DISABLED", "message": words}]
    await route.fulfill(response=answer, json=board)


async def test_quotes_grow_old_while_the_engine_gives_none(visit: Visit) -> None:
    page = await visit()
    await page.fill("#amount", "3")
    await expect(page.locator("#execute")).to_have_text("Execute: 3 SOL → USDC")
    await page.route("**/api/quotes?*", lambda route: route.abort())
    await expect(page.locator("#quote-age")).to_have_text(re.compile(r"^[2-9] s old$"))
    await expect(page.locator(".quote .quote-out")).to_have_count(1)


async def test_the_chart_shows_what_was_bought_and_sold(visit: Visit) -> None:
    page = await visit()
    # A pair that no other test trades: its chart begins without orders.
    await choose(page, "out", "bonk")
    await page.fill("#amount", "0.5")
    await expect(page.locator("#execute")).to_have_text("Execute: 0.5 SOL → BONK")
    await expect(page.locator("#chart canvas")).to_be_visible()
    assert await page.evaluate(INKED, ".key.sold") == 0
    await page.click("#execute")
    await expect(page.locator(".order-card.confirmed")).to_be_visible()
    await page.wait_for_function(f"() => ({INKED})('.key.sold') > 0")


async def test_a_first_visit_sees_sampled_prices_and_own_sales(visit: Visit, engine: BrowsedEngine) -> None:
    await engine.post("/api/orders/execute", {"tokenIn": "SOL", "tokenOut": "JUP", "amountIn": "0.25"})
    page = await visit()
    await choose(page, "out", "jup")
    await page.fill("#amount", "1")
    await page.wait_for_function(f"() => ({INKED})('.key.sampled') > 0")
    await page.wait_for_function(f"() => ({INKED})('.key.sold') > 0")
    tip = page.locator(".chart-tip:visible")
    deadline = time.monotonic() + 15
    # The mark moves on with time.
    while not await tip.count() and time.monotonic() < deadline:
        await page.hover("#chart .u-over", position=await page.evaluate(MARK))
    await expect(tip).to_contain_text("Sold 0.25 SOL for")


# Where the highest mark of a sale is drawn, from the plot's corner, in CSS pixels.
MARK = """() => {
  const canvas = document.querySelector("#chart canvas");
  const over = document.querySelector("#chart .u-over").getBoundingClientRect();
  const frame = canvas.getBoundingClientRect();
  const wanted = getComputedStyle(document.querySelector(".key.sold")).color.match(/\\d+/g).map(Number);
  const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < data.length; at += 4)
    if (wanted.every((value, part) => Math.abs(data[at + part] - value) < 3)) {
      const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
      // From the corner that is met first to the middle.
      const [left, top] = [x / devicePixelRatio + frame.x - over.x, y / devicePixelRatio + frame.y - over.y];
      return { x: left + 6, y: top + 4 };
    }
}"""

# How many pixels of the chart have the colour of the visitor's own orders.
INKED = """(key) => {
  const canvas = document.querySelector("#chart canvas");
  if (canvas === null) return 0;
  const wanted = getComputedStyle(document.querySelector(key)).color.match(/\\d+/g).map(Number);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4)
    if (wanted.every((value, part) => Math.abs(data[at + part] - value) < 3)) count += 1;
  return count;
}"""
