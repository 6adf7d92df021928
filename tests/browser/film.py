"""A film of the page for the README: screenshots while an order goes its way, as an animated GIF."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops
from playwright.async_api import Page

# GitHub shows it beside the text: narrower than it was taken, and small enough to load at once.
WIDTH: Final = 960
MOST_BYTES: Final = 1_000_000
_PAUSE_SECONDS: Final = 0.12
_COLOURS: Final = 256
# How many pictures, spread over the film, give it its colours.
_PALETTE_OF: Final = 6
_LAST_FRAME_MS: Final = 3_000
# The format counts hundredths of a second.
_TICK_MS: Final = 10


@dataclass(slots=True)
class Film:
    """Frames, and when each was taken (seconds)."""

    frames: list[bytes] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)

    def save(self, target: Path) -> None:
        """Write the GIF; each picture stands until the next that differs.

        Raises ValueError when it is larger than `MOST_BYTES`.
        """
        pictures, shown_ms = _without_repeats([_narrowed(frame) for frame in self.frames], self.taken)
        # One palette for all, so that what stands still is not drawn again.
        palette = _side_by_side(pictures[:: max(1, len(pictures) // _PALETTE_OF)]).quantize(
            _COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
        first, *others = [each.quantize(palette=palette, dither=Image.Dither.NONE) for each in pictures]
        first.save(target, save_all=True, append_images=others, duration=shown_ms, loop=0, optimize=True)
        size = target.stat().st_size
        if size > MOST_BYTES:
            raise ValueError(f"{target.name} has {size} bytes, {MOST_BYTES} are the most")


@asynccontextmanager
async def filmed(page: Page) -> AsyncIterator[Film]:
    """Takes pictures of what the page shows, as fast as it gives them, until the block ends."""
    film, ended = Film(), asyncio.Event()

    async def take() -> None:
        while not ended.is_set():
            film.taken.append(time.monotonic())
            film.frames.append(await page.screenshot())
            await asyncio.sleep(_PAUSE_SECONDS)

    camera = asyncio.create_task(take())
    try:
        yield film
    finally:
        ended.set()
        await asyncio.wait_for(camera, 30)


def _narrowed(frame: bytes) -> Image.Image:
    picture = Image.open(BytesIO(frame)).convert("RGB")
    return picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.LANCZOS)


def _side_by_side(pictures: Sequence[Image.Image]) -> Image.Image:
    width, height = pictures[0].size
    strip = Image.new("RGB", (width * len(pictures), height))
    for number, picture in enumerate(pictures):
        strip.paste(picture, (width * number, 0))
    return strip


def _without_repeats(
    pictures: Sequence[Image.Image], taken: Sequence[float]
) -> tuple[list[Image.Image], list[int]]:
    """The pictures that differ from the one before, and for how long each is shown (ms)."""
    kept = [
        number
        for number, picture in enumerate(pictures)
        if number == 0 or ImageChops.difference(picture, pictures[number - 1]).getbbox()
    ]
    times = [taken[number] for number in kept]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    shown = [max(_TICK_MS, round(gap * 1000 / _TICK_MS) * _TICK_MS) for gap in gaps]
    return [pictures[number] for number in kept], [*shown, _LAST_FRAME_MS]
