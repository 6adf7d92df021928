"""`manage.py lifecycle_diagram`: the order's life as a Mermaid state diagram, for the README."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from orders.lifecycle import FINAL, TRANSITIONS, Status


class Command(BaseCommand):
    help = "Print the order's life as a Mermaid state diagram, from the table of transitions."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the diagram."""
        self.stdout.write(lifecycle_diagram())


def lifecycle_diagram() -> str:
    """Every step that `TRANSITIONS` has, in the order of `Status`, as Mermaid text."""
    return "\n".join(["stateDiagram-v2", *(f"    {line}" for line in _lines())])


def _lines() -> Iterator[str]:
    yield f"[*] --> {Status.PENDING}"
    for status in Status:
        for target in Status:
            if target in TRANSITIONS[status]:
                yield f"{status} --> {target}"
        if status in FINAL:
            yield f"{status} --> [*]"
