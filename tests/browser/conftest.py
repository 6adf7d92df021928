"""One engine and one Chromium for all browser tests; a fresh context for each.

Of this package and not of the session: an engine that has nothing left to do still costs a tenth of a core.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.chromium import Complaints, find_chromium, launched
from tests.browser.engine import BrowsedEngine

Visit = Callable[..., Awaitable[Page]]
_PATIENCE_MS = 15_000
# Some of Playwright's calls have no deadline of their own.
_TEST_SECONDS = 150


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have a page that answers nothing fail its test soon: what comes after it may fare no better."""
    folder = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(folder):
            item.add_marker(pytest.mark.timeout(_TEST_SECONDS))


@pytest.fixture(scope="package")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowsedEngine]:
    """A running engine of its own."""
    if find_chromium() is None:
        pytest.skip("no Chromium found: apt-get install chromium")
    with BrowsedEngine(Path(tmp_path_factory.mktemp("browsed"))) as running:
        yield running


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def chromium(engine: BrowsedEngine) -> AsyncIterator[Browser]:
    """A browser for all tests."""
    executable = find_chromium()
    assert executable is not None
    expect.set_options(timeout=_PATIENCE_MS)
    async with launched(executable) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def visit(chromium: Browser, engine: BrowsedEngine) -> AsyncIterator[Visit]:
    """Opens the page in a context of this test's own, and fails the test when a page complained."""
    complaints = Complaints()
    contexts = []

    async def open_page(**settings: Any) -> Page:
        context = await chromium.new_context(**({"viewport": {"width": 1280, "height": 900}} | settings))
        context.set_default_timeout(_PATIENCE_MS)
        contexts.append(context)
        complaints.listen(context)
        page = await context.new_page()
        await page.goto(engine.url)
        await expect(page.locator("#connection")).to_have_text("Live")
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert complaints.errors == []
