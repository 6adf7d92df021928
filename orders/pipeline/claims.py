"""How a stage takes orders up: it claims them, ends those that are over, and works on the sound ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.utils import timezone

from orders import gateway
from orders.lifecycle import FailureReason, Status
from orders.models import Attempt, Order
from orders.pipeline import groups
from orders.pipeline.followed import set_apart
from orders.pipeline.outcomes import ended, expired
from orders.records import attempts, leases

# Claims without progress after which an order is taken to be what kills its workers.
MAX_STARTS: Final = 6


@dataclass(slots=True)
class Outcome:
    """What a stage leaves: orders for the next stage, orders that wait for a retry, and orders that ended.

    ``orders`` are those that the stage claimed and worked on, ``sent`` the attempts that the chain is to
    be asked about from now on, ``apart`` orders that are to be taken up again, each alone.
    """

    onward: list[UUID] = field(default_factory=list)
    waiting: list[Order] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    ended: list[Order] = field(default_factory=list)
    sent: list[Attempt] = field(default_factory=list)
    apart: list[Order] = field(default_factory=list)


def claim_sound(order_ids: Collection[UUID], statuses: Collection[Status], outcome: Outcome) -> list[Order]:
    """Claim, and end those that expired or broke off too often; the others are to be worked on."""
    claimed = leases.claim(order_ids, statuses)
    with leases.given_back_on_error(claimed):
        return _sound(_alone(claimed, outcome), outcome)


def _alone(claimed: list[Order], outcome: Outcome) -> list[Order]:
    """Without those on which work broke off before, unless one is alone: it takes no other along."""
    suspects = [order for order in claimed if order.starts > leases.STARTS_TOGETHER]
    if not suspects or len(claimed) == 1:
        return claimed
    leases.release(suspects)
    outcome.apart.extend(suspects)
    return [order for order in claimed if order not in suspects]


def _sound(claimed: list[Order], outcome: Outcome) -> list[Order]:
    now = timezone.now()
    sound, ending = [], []
    doubtful = [order for order in claimed if order.is_over(now) or order.starts > MAX_STARTS]
    under_way = attempts.open_of(doubtful)
    for order in claimed:
        if order not in doubtful or (order.pk in under_way and order.starts <= MAX_STARTS):
            sound.append(order)
        elif order.pk in under_way:
            set_apart([order.pk])
        elif order.is_over(now):
            ending.append(expired(order))
        else:
            ending.append(ended(order, gateway.failed(FailureReason.TOO_MANY_STARTS)))
    outcome.ended.extend(groups.record(ending))
    outcome.orders.extend(sound)
    return sound
