"""Tables of fields, events and codes for the documents, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from orders.lifecycle import TERMINAL_REASONS, FailureReason
from orders.wire.actions import ACTIONS
from orders.wire.errors import error_kinds
from orders.wire.events import EVENT
from orders.wire.json_types import type_text
from orders.wire.message import Field, Rows, named


def fields_table(rows: Rows) -> str:
    """Name, type and meaning of each field."""
    return markdown(
        ("field", "type", "means"),
        ((f"`{field.name}`", _type(field), field.means) for field in rows.fields),
    )


def table(name: str) -> str:
    """One of the tables below, or the fields of the message of that name."""
    made = {
        "errors": errors_table,
        "events": events_table,
        "actions": actions_table,
        "reasons": reasons_table,
    }
    if name in made:
        return made[name]()
    message = named(name)
    assert isinstance(message, Rows), f"{name} has no fields of its own"
    return fields_table(message)


def errors_table() -> str:
    """Every code that a refusal can have."""
    return markdown(
        ("code", "HTTP", "retryable", "message"),
        (
            (
                f"`{kind.code}`",
                str(kind.http_status),
                "yes" if kind.retryable else "no",
                kind.default_message,
            )
            for kind in error_kinds()
        ),
    )


def events_table() -> str:
    """What an event of each status carries beside its head."""
    head = {"sequence", "status", "at"}
    return markdown(
        ("status of an event", "field", "type", "means"),
        (
            (f"`{status}`", f"`{field.name}`", _type(field), field.means)
            for status, message in EVENT.messages.items()
            for field in message.fields
            if field.name not in head
        ),
    )


def actions_table() -> str:
    """What clients may send."""
    return markdown(
        ("action", "takes", "does"),
        (
            (
                f"`{name}`",
                " ".join(f"`{field.name}`" for field in message.fields[1:]),
                message.means,
            )
            for name, message in ACTIONS.items()
        ),
    )


def reasons_table() -> str:
    """Why orders fail, and whether that is tried again first."""
    return markdown(
        ("reason", "fails", "means"),
        (
            (
                f"`{reason.value}`",
                "at once" if reason in TERMINAL_REASONS else "after retries",
                str(reason.label),
            )
            for reason in FailureReason
        ),
    )


def _type(field: Field) -> str:
    return f"{type_text(field.type)}{', optional' if field.optional else ''}"


def markdown(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    columns = tuple(heads)
    lines = [f"| {' | '.join(cells)} |" for cells in (columns, *rows)]
    return "\n".join([lines[0], f"|{'---|' * len(columns)}", *lines[1:]])
