"""The file of a scenario: which pair has which price from which slot on.

    {"format": 1,
     "steps": [{"slot": 50, "pair": "SOL/USDC", "price": "150.25"},
               {"slot": 80, "pair": "SOL/USDC", "pool": "ADDRESS", "price": "149"}],
     "walks": [{"pair": "JUP/USDC", "seed": 7, "price": "0.52", "stepBps": 40, "steps": 200,
                "fromSlot": 10, "everySlots": 5, "low": "0.40", "high": "0.70"}]}

``slot`` counts from the first slot after the start of the network, which is 0. ``price`` is whole quote
tokens a whole base token, a decimal string; without ``pool`` all pools of the pair are moved. A walk has
``price`` in ``fromSlot`` and moves every ``everySlots`` by at most ``stepBps`` up or down, within ``low``
and ``high``; the same seed makes the same walk.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from solders.pubkey import Pubkey

from dex.localnet.errors import ScenarioRefused
from dex.types import Token

FORMAT: Final = 1
_BPS: Final = 10_000
# A walk's prices are whole multiples of this, so that every machine makes the same ones.
_GRID: Final = 10**12
_MOST_STEPS: Final = 100_000
_MOST_DIGITS: Final = 30

Members = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Step:
    """From ``slot`` on the pools of a pair, or one of them, have ``price`` in base units."""

    slot: int
    base: Pubkey
    quote: Pubkey
    pool: Pubkey | None
    price: Fraction


def read_scenario(path: Path, tokens: Sequence[Token]) -> tuple[Step, ...]:
    """All steps of a file by slot, those of one slot in the order of the file; raises ScenarioRefused."""
    try:
        content = json.loads(path.read_bytes(), parse_float=_no_float)
    except OSError as error:
        raise ScenarioRefused(f"{path} cannot be read: {error}") from error
    except ValueError as error:
        raise ScenarioRefused(f"{path} is not a scenario: {error}") from error
    try:
        return _steps(content, {token.symbol: token for token in tokens})
    except ScenarioRefused as error:
        raise ScenarioRefused(f"{path}: {error}") from None


def step_now(members: object, tokens: Sequence[Token]) -> Step:
    """A step of slot 0 from its ``pair``, ``price`` and perhaps ``pool``; raises ScenarioRefused."""
    found = _members(members, "the move", {"pair", "price"}, {"pool"})
    return _step({"slot": 0, **found}, "the move", {token.symbol: token for token in tokens})


def _steps(content: object, tokens: Mapping[str, Token]) -> tuple[Step, ...]:
    members = _members(content, "the scenario", {"format"}, {"description", "steps", "walks"})
    if members["format"] != FORMAT:
        raise ScenarioRefused(f"format is {members['format']!r}, expected {FORMAT}")
    steps: list[Step] = []
    for number, entry in enumerate(_list(members, "steps")):
        steps.append(_step(entry, f"steps[{number}]", tokens))
    for number, entry in enumerate(_list(members, "walks")):
        steps += _walk(entry, f"walks[{number}]", tokens)
    if not steps:
        raise ScenarioRefused("there are no steps and no walks")
    return tuple(sorted(steps, key=lambda step: step.slot))


def _step(entry: object, where: str, tokens: Mapping[str, Token]) -> Step:
    found = _members(entry, where, {"slot", "pair", "price"}, {"pool"})
    make = _maker(found, where, tokens)
    return make(_integer(found, "slot", where), _price(found, "price", where))


def _walk(entry: object, where: str, tokens: Mapping[str, Token]) -> Iterator[Step]:
    required = {"pair", "seed", "price", "stepBps", "steps"}
    found = _members(entry, where, required, {"pool", "fromSlot", "everySlots", "low", "high"})
    make = _maker(found, where, tokens)
    first, every = _integer(found, "fromSlot", where, 0), _integer(found, "everySlots", where, 1)
    low = _price(found, "low", where) if "low" in found else Fraction(1, _GRID)
    high = _price(found, "high", where) if "high" in found else None
    width, count = _integer(found, "stepBps", where), _integer(found, "steps", where)
    price = _price(found, "price", where)
    if every < 1 or not 1 <= width < _BPS or not 1 <= count <= _MOST_STEPS:
        raise ScenarioRefused(
            f"{where}: everySlots is at least 1, stepBps 1 to {_BPS - 1}, steps 1 to {_MOST_STEPS}"
        )
    if price < low or (high is not None and price > high):
        raise ScenarioRefused(f"{where}: the price is not within low and high")
    # Repeatable by its seed, and nothing secret hangs on it.
    chance = random.Random(_integer(found, "seed", where))  # noqa: S311
    for number in range(count):
        yield make(first + number * every, price)
        moved = price * (_BPS + chance.randint(-width, width)) / _BPS
        price = max(low, Fraction(moved * _GRID // 1, _GRID))
        price = price if high is None else min(high, price)


def _maker(found: Members, where: str, tokens: Mapping[str, Token]) -> Callable[[int, Fraction], Step]:
    base, quote = _pair(found, where, tokens)
    pool = _address(found, "pool", where) if "pool" in found else None
    scale = Fraction(10**quote.decimals, 10**base.decimals)
    return lambda slot, price: Step(slot, base.mint, quote.mint, pool, price * scale)


def _pair(found: Members, where: str, tokens: Mapping[str, Token]) -> tuple[Token, Token]:
    names = str(found["pair"]).upper().split("/")
    if len(names) != 2 or names[0] == names[1] or not set(names) <= tokens.keys():
        raise ScenarioRefused(f"{where}: pair {found['pair']!r} is not BASE/QUOTE of {', '.join(tokens)}")
    return tokens[names[0]], tokens[names[1]]


def _members(found: object, where: str, required: set[str], optional: set[str]) -> Members:
    if not isinstance(found, dict):
        raise ScenarioRefused(f"{where} is no object")
    if missing := sorted(required - found.keys()):
        raise ScenarioRefused(f"{where} has no {missing[0]}")
    if unknown := sorted(found.keys() - required - optional):
        raise ScenarioRefused(f"{where} has an unknown field {unknown[0]}")
    return found


def _list(members: Members, name: str) -> Sequence[object]:
    found = members.get(name, [])
    if not isinstance(found, list):
        raise ScenarioRefused(f"{name} is no list")
    return found


def _integer(found: Members, name: str, where: str, default: int | None = None) -> int:
    value = found.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ScenarioRefused(f"{where}: {name} is {value!r}, expected an integer from 0 on")
    return value


def _price(found: Members, name: str, where: str) -> Fraction:
    text = found[name]
    whole, point, rest = text.partition(".") if isinstance(text, str) else ("", "", "")
    digits = whole + rest
    well = whole and bool(rest) == bool(point) and digits.isascii() and digits.isdigit()
    if not well or len(digits) > _MOST_DIGITS or not int(digits):
        raise ScenarioRefused(f"{where}: {name} is {text!r}, expected a decimal string above 0")
    return Fraction(int(digits), 10 ** len(rest))


def _address(found: Members, name: str, where: str) -> Pubkey:
    try:
        return Pubkey.from_string(str(found[name]))
    except ValueError:
        raise ScenarioRefused(f"{where}: {name} is {found[name]!r}, expected an address") from None


def _no_float(text: str) -> object:
    raise ValueError(f"{text} is a number with a fraction: prices are strings")
