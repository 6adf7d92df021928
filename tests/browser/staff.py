"""Signing in to the admin as people do."""

from __future__ import annotations

from playwright.async_api import Page

from tests.browser.engine import BrowsedEngine


async def sign_in(page: Page, engine: BrowsedEngine, name: str) -> None:
    """Fill the form; the name is the password too. Ends at the dashboard."""
    await page.goto(f"{engine.url}/admin/login/?next=/admin/")
    await page.fill("input[name=username]", name)
    await page.fill("input[name=password]", name)
    await page.locator("input[name=password]").press("Enter")
    await page.wait_for_url("**/admin/")
