"""Nothing on the page jumps: the button stays under the finger, and the layout where it is."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.test_order_page import place

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# The cumulative layout shift as browsers report it: the worst five seconds without a second of rest.
_OBSERVE = """
window.shifts = [];
new PerformanceObserver((list) => window.shifts.push(...list.getEntries())).observe(
  {type: "layout-shift", buffered: true});
"""
_WORST_WINDOW = """() => {
  let [worst, sum, begin, last] = [0, 0, 0, 0];
  for (const {value, startTime, hadRecentInput} of window.shifts) {
    if (hadRecentInput) continue;
    const fits = startTime - last < 1000 && startTime - begin < 5000;
    [sum, begin, last] = fits ? [sum + value, begin, startTime] : [value, startTime, startTime];
    worst = Math.max(worst, sum);
  }
  return worst;
}"""
_MOST = 0.02
_TOPS = """() => ["execute", "quotes-title", "live-title", "history-title"].map(
  (id) => document.getElementById(id).getBoundingClientRect().top + scrollY)"""


@pytest.mark.parametrize("size", [(1280, 1700), (390, 844)])
async def test_ten_orders_shift_the_layout_by_next_to_nothing(visit: Visit, size: tuple[int, int]) -> None:
    page = await visit(viewport={"width": size[0], "height": size[1]})
    await page.add_init_script(_OBSERVE)
    await page.reload()
    for number in range(10):
        await place(page, f"0.{number + 1}")
        await expect(page.locator(".order-card")).to_have_count(number + 1)
    await expect(page.locator(".order-card.confirmed")).to_have_count(10)
    assert await page.evaluate(_WORST_WINDOW) <= _MOST


async def test_what_the_form_says_moves_nothing(visit: Visit) -> None:
    page = await visit()
    await expect(page.locator("#pick-in")).to_contain_text("SOL")
    before = await tops(page)
    # Nothing, a problem, a quote, a price impact that is told, a slippage that cannot be read, no quote.
    for amount in ("", "one", "2", "90000", "9000000000"):
        await page.fill("#amount", amount)
        await expect(page.locator("#quote-cards")).to_have_attribute("aria-busy", "false")
        assert await tops(page) == before
    await page.fill("#own-slippage", "90")
    await expect(page.locator("#slippage-hint")).to_have_text("At most 50 %")
    assert await tops(page) == before


async def tops(page: Page) -> list[float]:
    found: list[float] = await page.evaluate(_TOPS)
    return found


async def test_the_first_order_does_not_move_the_history(visit: Visit) -> None:
    page = await visit(viewport={"width": 390, "height": 844})
    before = (await tops(page))[-1]
    await place(page, "0.3")
    await expect(page.locator(".order-card.confirmed")).to_have_count(1)
    assert (await tops(page))[-1] == before


async def test_on_a_phone_the_order_that_was_tapped_is_in_sight(visit: Visit) -> None:
    page = await visit(viewport={"width": 390, "height": 844})
    await place(page, "0.3")
    await expect(page.locator(".order-card h3")).to_be_in_viewport()
