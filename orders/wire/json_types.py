"""The types of fields on the wire, as JSON Schema (2020-12) with an example each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from orders.wire.message import Described, Schema, ref

TEXT: Final[Schema] = {"type": "string"}
INTEGER: Final[Schema] = {"type": "integer"}
BOOLEAN: Final[Schema] = {"type": "boolean"}
DECIMAL: Final[Schema] = {"type": "string", "format": "decimal", "examples": ["1.5"]}
BASE_UNITS: Final[Schema] = {"type": "string", "pattern": "^[0-9]+$", "examples": ["1500000000"]}
INSTANT: Final[Schema] = {
    "type": "string",
    "format": "date-time",
    "examples": ["2026-11-21T15:18:55.464Z"],
}
ORDER_ID: Final[Schema] = {
    "type": "string",
    "format": "uuid",
    "examples": ["d05f4450-ea82-4bca-bab0-f729a6fd03a6"],
}
# What requests take: text, or a JSON number that is read as a decimal.
AMOUNT: Final[Schema] = {"oneOf": [{"type": "string"}, {"type": "number"}], "examples": ["1.5"]}
RAW_AMOUNT: Final[Schema] = {"oneOf": [BASE_UNITS, {"type": "integer", "minimum": 1}]}
# Figures behind a reason, in whole tokens where they are amounts.
DETAILS: Final[Schema] = {
    "type": "object",
    "additionalProperties": {"type": "string"},
    "examples": [{"token": "SOL", "needed": "1", "held": "0.5", "committed": "0", "keptBack": "0.01"}],
}
OPEN_OBJECT: Final[Schema] = {"type": "object", "additionalProperties": True}


def text(shortest: int, longest: int, example: str = "text") -> Schema:
    """Text of so many characters."""
    return {"type": "string", "minLength": shortest, "maxLength": longest, "examples": [example]}


# Where a reader of the feed stands.
CURSOR: Final = text(1, 19, "1029")


def integer(lowest: int, highest: int, example: int) -> Schema:
    """An integer within bounds."""
    return {"type": "integer", "minimum": lowest, "maximum": highest, "examples": [example]}


def one_of(values: Iterable[str]) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(values)}


def constant(value: str) -> Schema:
    """Always this word."""
    return {"type": "string", "const": value}


def list_of(item: Described | Schema) -> Schema:
    """A list of messages or of values."""
    return {"type": "array", "items": item if isinstance(item, dict) else ref(item)}  # type: ignore[arg-type]


def nullable(kind: Schema) -> Schema:
    """The same, or null."""
    if isinstance(kind.get("type"), str) and "enum" not in kind:
        return {**kind, "type": [kind["type"], "null"]}
    return {"oneOf": [kind, {"type": "null"}]}


def timestamp(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and a Z, or None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(name: str) -> Callable[[Any], str | None]:
    """Reads the moment in this attribute of a row."""
    return lambda row: timestamp(getattr(row, name))


def type_text(kind: Schema) -> str:
    """The type in words, for the tables of the documents."""
    if "$ref" in kind:
        return f"`{kind['$ref'].rpartition('/')[2]}`"
    if "oneOf" in kind:
        return " or ".join(dict.fromkeys(type_text(each) for each in kind["oneOf"]))
    if isinstance(kind["type"], list):
        return f"{type_text({**kind, 'type': kind['type'][0]})} or null"
    if kind["type"] == "array":
        return f"list of {type_text(kind['items'])}"
    if "const" in kind or "enum" in kind:
        return " ".join(f"`{value}`" for value in kind.get("enum", [kind.get("const")]))
    if "pattern" in kind:
        return "base units"
    words = {"date-time": "time", "uuid": "UUID", "decimal": "decimal text"}
    named = words.get(str(kind.get("format"))) or {"string": "text"}.get(kind["type"], kind["type"])
    if kind["type"] == "integer" and "maximum" in kind:
        return f"integer, {kind['minimum']} to {kind['maximum']}"
    return str(named)
