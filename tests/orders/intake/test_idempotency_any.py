"""One key, two requests: the same order where they mean the same, however written, and else a refusal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from orders.errors import IdempotencyMismatch
from orders.intake.place import place_order
from orders.models import Order
from orders.wire.json import read_json
from orders.wire.request_parsing import parse_order
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
TOKENS = {
    "SOL": ("So11111111111111111111111111111111111111112", 9),
    "USDC": ("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", 6),
    "BONK": ("DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263", 5),
}
LATER = datetime(2100, 1, 1, tzinfo=UTC)
A_KEY = "the same key"


@dataclass(frozen=True)
class Meaning:
    """What an order request says; ``amount`` in base units of the token that is sold."""

    pair: tuple[str, str]
    amount: int
    slippage: int | str | None
    impact: int | None
    expires: datetime | None


meanings = st.builds(
    Meaning,
    pair=st.lists(st.sampled_from(list(TOKENS)), min_size=2, max_size=2, unique=True).map(tuple),
    amount=st.integers(1, 3) | st.integers(1, 10**16),
    slippage=st.none() | st.just("auto") | st.sampled_from([0, 1, 50, 300]),
    impact=st.none() | st.sampled_from([0, 1, 50]),
    expires=st.none()
    | st.integers(0, 3).map(lambda step: LATER + timedelta(microseconds=step))
    | st.integers(0, 10**7).map(lambda step: LATER + timedelta(seconds=step)),
)


def token(symbol: str) -> Any:
    """How a token may be named."""
    return st.sampled_from([symbol, symbol.lower(), symbol.title(), TOKENS[symbol][0]])


@st.composite
def amount(draw: st.DrawFn, raw: int, decimals: int) -> str:
    """How an amount may be written: a member of a JSON object."""
    whole, fraction = divmod(raw, 10**decimals)
    full = f"{whole}.{fraction:0{decimals}d}"
    short = full.rstrip("0").rstrip(".")
    text = draw(st.sampled_from([full, short, f"00{full}", f" {short} "]))
    number = draw(st.sampled_from([full, short, f"{raw}e-{decimals}"]))
    name = draw(st.sampled_from(["amount", "amountIn"]))
    ways = [f'"amountInRaw": {raw}', f'"amountInRaw": "{raw}"', f'"{name}": "{text}"', f'"{name}": {number}']
    return draw(st.sampled_from(ways))


@st.composite
def instant(draw: st.DrawFn, moment: datetime) -> str:
    """How an instant may be written."""
    zone = timezone(timedelta(minutes=draw(st.sampled_from([0, 60, -300, 345]))))
    text = moment.astimezone(zone).isoformat()
    return draw(st.sampled_from([text, text.replace("T", " "), moment.isoformat().replace("+00:00", "Z")]))


@st.composite
def spelling(draw: st.DrawFn, meaning: Meaning) -> str:
    """A body that says ``meaning``, its members in any order."""
    sold, bought = meaning.pair
    members = [
        f'"tokenIn": {json.dumps(draw(token(sold)))}',
        f'"tokenOut": {json.dumps(draw(token(bought)))}',
        draw(amount(meaning.amount, TOKENS[sold][1])),
        f'"clientOrderId": {json.dumps(A_KEY)}',
    ]
    if meaning.slippage is not None:
        members.append(f'"slippageBps": {json.dumps(meaning.slippage)}')
    if meaning.impact is not None:
        members.append(f'"maxPriceImpactBps": {meaning.impact}')
    if meaning.expires is not None:
        members.append(f'"expiresAt": {json.dumps(draw(instant(meaning.expires)))}')
    kind = draw(st.sampled_from(["", '"type": "market"', '"type": "MARKET"', '"type": null']))
    return "{" + ", ".join(draw(st.permutations([*members, *([kind] if kind else [])]))) + "}"


def place(user: Any, body: str) -> Any:
    return place_order(user, parse_order(read_json(body)))


def test_a_repeated_request_finds_its_order_however_it_is_written() -> None:

    @settings(max_examples=120, deadline=None)
    @given(meanings.flatmap(lambda meaning: st.tuples(spelling(meaning), spelling(meaning))))
    def check(bodies: tuple[str, str]) -> None:
        user = UserFactory()
        first, again = (place(user, body) for body in bodies)
        assert (first.replayed, again.replayed) == (False, True)
        assert again.order.pk == first.order.pk

    check()


@st.composite
def two_meanings(draw: st.DrawFn) -> tuple[Meaning, Meaning]:
    """Two that differ, half of the time in one thing alone."""
    one, other = draw(meanings), draw(meanings)
    if draw(st.booleans()):
        name = draw(st.sampled_from(["pair", "amount", "slippage", "impact", "expires"]))
        other = Meaning(**{**vars(one), name: getattr(other, name)})
    assume(one != other)
    return one, other


def test_another_request_under_the_same_key_is_refused() -> None:

    @settings(max_examples=120, deadline=None)
    @given(two_meanings().flatmap(lambda pair: st.tuples(spelling(pair[0]), spelling(pair[1]))))
    def check(bodies: tuple[str, str]) -> None:
        user = UserFactory()
        first = place(user, bodies[0])
        with pytest.raises(IdempotencyMismatch):
            place(user, bodies[1])
        assert list(Order.objects.filter(user=user)) == [first.order]

    check()
