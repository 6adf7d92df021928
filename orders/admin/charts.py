"""Bars with axes, drawn as SVG by the templates: heights in the chart's units, and what its scale says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

HEIGHT: Final = 120
# Of a bar and the gap behind it.
_STEP: Final = 10


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar; ``kind`` is its class of the stylesheet, ``y`` counts from the chart's top."""

    kind: str
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A stack of parts, and its words for people who point at it."""

    x: int
    parts: Sequence[Part]
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars from left to right; ``scale`` is of the top, the middle where that is whole, and the bottom."""

    bars: Sequence[Bar]
    scale: Sequence[str]
    width: int
    height: int = HEIGHT


def stacked(columns: Sequence[tuple[str, Mapping[str, int]]]) -> Chart:
    """A chart of (words, amount by kind), each bar stacked from the bottom in the order of its kinds."""
    tallest = max((sum(amounts.values()) for _, amounts in columns), default=0)
    bars = [
        Bar(index * _STEP, _parts(amounts, tallest or 1), text)
        for index, (text, amounts) in enumerate(columns)
    ]
    return Chart(bars, scale_of(tallest), len(columns) * _STEP)


def scale_of(tallest: int) -> list[str]:
    """What the top, the middle and the bottom stand for; a middle between two units would be none."""
    values = [tallest, tallest // 2, 0] if tallest and tallest % 2 == 0 else [tallest, 0]
    return [f"{value:,}" for value in values]


def _parts(amounts: Mapping[str, int], tallest: int) -> list[Part]:
    bottom, parts = HEIGHT, []
    for kind, amount in amounts.items():
        # What there is can be seen.
        height = amount * HEIGHT // tallest or min(amount, 1)
        bottom -= height
        parts.append(Part(kind, bottom, height))
    return parts
