"""What became of a run's orders, read from the database that the command shares with the engine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from dex.types import Route
from orders.lifecycle import FINAL, Status
from orders.models import Attempt, Order, OrderEvent
from orders.records import costs, routes
from orders.reporting.timeline import timeline

_POLL_SECONDS: Final = 0.2
_MICROSECONDS: Final = 1000
_STEPS: Final = ("routing", "building", "signed", "submitted", "confirmed")


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """One order as the engine has it; amounts in base units, moments in epoch seconds.

    ``fees`` are those of all its attempts, in lamports; ``beside`` what these paid as tips and rent.
    """

    order_id: str
    status: str
    error_code: str
    signature: str
    token_in: str
    token_out: str
    executed_amount_in: int
    executed_amount_out: int
    fees: int
    beside: int
    submitted_at: float | None
    confirmed_at: float | None


class RunRecords:
    """The orders whose client order id begins with ``run``, placed since ``started``."""

    def __init__(self, run: str, started: datetime) -> None:
        self._run = run
        self._started = started

    def unfinished(self) -> int:
        """How many are not final yet."""
        return self._orders().exclude(status__in=FINAL).count()

    def wait(self, timeout_seconds: int) -> int:
        """Wait until all are final; how many are not when the time is up."""
        deadline = time.monotonic() + timeout_seconds
        while (left := self.unfinished()) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return left

    def read(self) -> list[OrderRecord]:
        """All of them."""
        moments, paid = self._moments(), self._costs()
        return [
            OrderRecord(
                order_id=str(order.pk),
                status=order.status,
                error_code=order.error_code,
                signature=order.signature,
                token_in=order.token_in,
                token_out=order.token_out,
                executed_amount_in=order.executed_amount_in or 0,
                executed_amount_out=order.executed_amount_out or 0,
                fees=paid.get(order.pk, (0, 0))[0],
                beside=paid.get(order.pk, (0, 0))[1],
                submitted_at=moments.get((str(order.pk), Status.SUBMITTED.value)),
                confirmed_at=moments.get((str(order.pk), Status.CONFIRMED.value)),
            )
            for order in self._orders()
        ]

    def steps(self) -> dict[str, list[float]]:
        """How long orders took from one moment to the next, in milliseconds by the moment's name."""
        events: dict[UUID, list[OrderEvent]] = {}
        attempts: dict[UUID, list[Attempt]] = {}
        for event in OrderEvent.objects.filter(order__in=self._orders()).order_by("sequence"):
            events.setdefault(event.order_id, []).append(event)
        for attempt in Attempt.objects.filter(order__in=self._orders()).order_by("number"):
            attempts.setdefault(attempt.order_id, []).append(attempt)
        found: dict[str, list[float]] = {}
        for order in self._orders():
            for step in timeline(order, events.get(order.pk, []), attempts.get(order.pk, [])):
                found.setdefault(step.moment.name, []).append(step.since_before / _MICROSECONDS)
        return {name: found[name] for name in _STEPS if name in found}

    def routes(self) -> dict[str, Route]:
        """The route that each order was last quoted, by its id."""
        return {str(order.pk): routes.of(order) for order in self._orders() if order.route}

    def _orders(self) -> QuerySet[Order]:
        return Order.objects.filter(created_at__gte=self._started, client_order_id__startswith=self._run)

    def _costs(self) -> dict[UUID, tuple[int, int]]:
        attempts = Attempt.objects.filter(order__in=self._orders()).values_list("order_id", *costs.COLUMNS)
        found: dict[UUID, tuple[int, int]] = {}
        for order_id, network, priority, tip, rent in attempts:
            fees, beside = found.get(order_id, (0, 0))
            more = (network or 0) + (priority or 0), (tip or 0) + (rent or 0)
            found[order_id] = fees + more[0], beside + more[1]
        return found

    def _moments(self) -> dict[tuple[str, str], float]:
        wanted = (Status.SUBMITTED, Status.CONFIRMED)
        rows = OrderEvent.objects.filter(order__in=self._orders(), status__in=wanted).order_by("-sequence")
        # Newest first, so that of several submissions the first one stands.
        return {
            (str(order_id), status): at.timestamp()
            for order_id, status, at in rows.values_list("order_id", "status", "at")
        }
