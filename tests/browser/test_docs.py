"""Swagger UI at `/api/docs/` works from this server's files alone."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Request, expect

from tests.browser.chromium import Complaints
from tests.browser.engine import BrowsedEngine

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_docs_show_every_call_and_try_one(chromium: Browser, engine: BrowsedEngine) -> None:
    complaints, asked = Complaints(), set()

    def note(request: Request) -> None:
        asked.add(request.url.split("?")[0])

    context = await chromium.new_context(viewport={"width": 1280, "height": 900})
    complaints.listen(context)
    context.on("request", note)
    page = await context.new_page()
    await page.goto(f"{engine.url}/api/docs/")
    await expect(page.locator(".opblock")).to_have_count(23)
    call = page.locator("#operations-operation-getLiveness")
    await call.locator(".opblock-summary-control").click()
    await call.get_by_role("button", name="Try it out").click()
    await call.get_by_role("button", name="Execute").click()
    await expect(call.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    await context.close()

    assert complaints.errors == []
    assert {url for url in asked if not url.startswith((engine.url, "data:", "blob:"))} == set()
