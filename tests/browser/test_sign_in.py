"""The order page on an engine that answers known callers only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.chromium import find_chromium
from tests.browser.engine import BrowsedEngine

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NEW_TOKEN = """
from django.contrib.auth import get_user_model
from knox.models import AuthToken
from orders.access.permissions import let_trade
user = get_user_model().objects.create_user("trader")
let_trade(user)
print(AuthToken.objects.create(user)[1])
"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowsedEngine]:
    if find_chromium() is None:
        pytest.skip("no Chromium found: apt-get install chromium")
    folder = Path(tmp_path_factory.mktemp("guarded"))
    with BrowsedEngine(
        folder,
        DEBUG="0",
        HTTPS_ONLY="0",
        SECRET_KEY="only-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz",
        ALLOWED_HOSTS="127.0.0.1",
    ) as running:
        yield running


async def test_a_caller_without_a_token_is_asked_for_one(chromium: Browser, guarded: BrowsedEngine) -> None:
    token = guarded.manage("shell", "-v", "0", "-c", NEW_TOKEN).strip()
    context = await chromium.new_context()
    page = await context.new_page()
    await page.goto(guarded.url)
    await expect(page.locator("#token-login")).to_be_visible()
    await expect(page.locator("#connection")).to_have_text("Signed out")
    await page.fill("#api-token", "0" * 64)
    await page.get_by_role("button", name="Use this token").click()
    await expect(page.locator("#login-title")).to_have_text("This token is not valid any more")
    await page.fill("#api-token", token)
    await page.get_by_role("button", name="Use this token").click()
    await expect(page.locator("#connection")).to_have_text("Live")
    await page.fill("#amount", "1")
    await expect(page.locator("#execute")).to_have_text("Execute: 1 SOL → USDC")
    await page.click("#execute")
    await expect(page.locator(".order-card")).to_have_attribute("data-status", "confirmed")
    await context.close()
