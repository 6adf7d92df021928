"""Many orders at once: each is read and judged by itself, and all that may be are written in one commit."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser

from orders.errors import OrderError
from orders.intake.place import Placed, place_orders
from orders.wire.batches import Outcome
from orders.wire.errors import as_order_error
from orders.wire.json import require_object
from orders.wire.request_parsing import parse_order
from orders.wire.requests import OrderIntent


def place_batch(user: AbstractBaseUser, requests: Sequence[object]) -> list[Outcome]:
    """For each request what became of it, in their order."""
    read = [_read(request) for request in requests]
    placed = iter(place_orders(user, [each for each in read if isinstance(each, OrderIntent)]))
    return [
        _outcome(next(placed)) if isinstance(each, OrderIntent) else Outcome(refusal=each) for each in read
    ]


def _read(request: object) -> OrderIntent | OrderError:
    try:
        return parse_order(require_object(request))
    except OrderError as refusal:
        return refusal


def _outcome(placed: Placed | BaseException) -> Outcome:
    if isinstance(placed, Placed):
        return Outcome(placed.order, replayed=placed.replayed)
    if not isinstance(placed, Exception):
        raise placed
    return Outcome(refusal=as_order_error(placed))
