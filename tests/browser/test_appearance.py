"""What everybody must be able to see and reach: accessibility, narrow screens, themes, the policy."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import serious_findings
from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def fill_with_life(page: Page) -> None:
    await page.fill("#amount", "1.25")
    await expect(page.locator("#execute")).to_have_attribute("aria-disabled", "false")
    await page.click("#execute")
    await expect(page.locator(".order-card.confirmed")).to_be_visible()
    await page.locator(".order-row .expand").first.click()
    await expect(page.locator(".details")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_has_no_serious_finding(visit: Visit, scheme: str) -> None:
    page = await visit(color_scheme=scheme)
    await fill_with_life(page)
    assert await serious_findings(page) == []
    await page.click("#pick-in")
    await expect(page.locator(".token-option").first).to_be_visible()
    assert await serious_findings(page) == []


async def test_360_pixels_are_enough(visit: Visit) -> None:
    page = await visit(viewport={"width": 360, "height": 740})
    await fill_with_life(page)
    widths = await page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert widths == [360, 360]
    outside = await page.evaluate(
        "[...document.querySelectorAll('main *, .history *, .top *')]"
        ".filter(e => e.checkVisibility() && !e.closest('.unseen, svg, .u-wrap')"
        " && e.getBoundingClientRect().right > 360.5).map(e => e.outerHTML.slice(0, 90))"
    )
    assert outside == []
    # The table of the history is at its tightest here.
    await page.set_viewport_size({"width": 768, "height": 740})
    assert await page.evaluate("document.documentElement.scrollWidth") == 768
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.click("#pick-in")
    box = await page.locator("#token-dialog").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360


async def test_the_theme_follows_the_system_until_it_is_chosen(visit: Visit) -> None:
    page = await visit(color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = await page.evaluate(ground)
    await page.click("#theme-toggle")
    light = await page.evaluate(ground)
    assert light != dark
    await page.reload()
    assert await page.evaluate(ground) == light


async def test_motion_stops_for_those_who_ask(visit: Visit) -> None:
    page = await visit(reduced_motion="reduce")
    await expect(page.locator("#quote-ring")).to_have_class("ring running")
    assert await page.evaluate("document.getAnimations().length") == 0


async def test_the_policy_stops_foreign_scripts_styles_and_addresses(visit: Visit) -> None:
    page = await visit()
    answer = await page.request.get(page.url)
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    body = await answer.text()
    assert "<script>" not in body
    assert " style=" not in body
    assert "onclick" not in body
    assert json.dumps(policy).count("unsafe") == 0
