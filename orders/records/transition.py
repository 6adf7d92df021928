"""One step of one order, as callers of the journal say it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orders.lifecycle import Status
from orders.models import Order


class IllegalTransition(RuntimeError):
    """A step that ``TRANSITIONS`` does not have: a bug of the caller."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of one order: the row as the caller read it, the target, what else changes.

    ``changes`` are columns of the order, ``data`` goes to the event and so to clients.
    ``keep_lease`` leaves the lease with the caller, who goes on working on the order. A ``quiet`` one stays
    at its status: the row changes, and there is no event, as nothing has come of it that was not said before.
    """

    order: Order
    to: Status
    changes: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    keep_lease: bool = False
    quiet: bool = False
