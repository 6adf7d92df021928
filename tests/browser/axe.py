"""What axe-core finds on a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.async_api import Page

_AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"


async def serious_findings(page: Page, within: str = "html") -> list[dict[str, Any]]:
    """The serious and critical ones of the element ``within``."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_AXE.read_text())
    # Entering elements fade in; what is judged is how they look when they have arrived.
    await page.evaluate(
        "document.getAnimations().forEach("
        "a => a.effect.getComputedTiming().iterations === 1 ? a.finish() : a.cancel())"
    )
    found = await page.evaluate("within => axe.run(within, {resultTypes: ['violations']})", within)
    return [
        {
            "rule": each["id"],
            "where": [node["target"] for node in each["nodes"]],
            "how": each["nodes"][0]["failureSummary"],
        }
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]
