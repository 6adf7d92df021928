"""Who changed what may be traded and who may trade: one row each, in the transaction of the change."""

from __future__ import annotations

import getpass
import socket
from dataclasses import dataclass

from django.utils import timezone

from orders.models import AuditEntry

_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from where: an address of the network, or the command line of a host."""

    name: str
    origin: str


# What the engine does by itself.
THE_ENGINE = Actor("engine", "this process")


def on_the_command_line() -> Actor:
    """The user of this process and its host. A container's user need not have a name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unknown"
    return Actor(name[:64], f"command line of {socket.gethostname()}"[:64])


def note(actor: Actor, action: str, subject: str = "", detail: str = "") -> None:
    """Write an entry: ``action`` is a word such as `trading off`, ``subject`` what it was done to."""
    AuditEntry.objects.create(
        at=timezone.now(),
        actor=actor.name[:64],
        origin=actor.origin[:64],
        action=action[:32],
        subject=subject[:_LONGEST],
        detail=detail[:_LONGEST],
    )
