"""Single fields of a request, checked for shape; each reader raises ValueError saying what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from django.utils.dateparse import parse_datetime

from orders.amounts import parse_amount
from orders.errors import InvalidAmount, InvalidRequest, NotFound
from orders.wire.json_types import nullable
from orders.wire.message import Field, Message, Schema

_LONGEST_TOKEN: Final = 64
_LONGEST_KEY: Final = 255
_LONGEST_WORD: Final = 64
# The width of the column.
_LONGEST_PRICE: Final = 40

# Of bounds on a route: pools a path, paths a route, names in a list.
MOST_HOPS: Final = 2
MOST_SPLITS: Final = 3
_MOST_VENUES: Final = 16
_DIGIT: Final = re.compile(r"[0-9]", re.ASCII)

# The largest value of the column that counts events.
MAX_SEQUENCE: Final = 2**31 - 1

# Where a word of camelCase begins.
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ESCAPED: Final = re.compile(r"\\(.)")
# A time whose zone has lost its plus: in a query it means a space.
_LOST_PLUS: Final = re.compile(r"([T ]\d\d:\d\d\S*) (\d\d:?\d\d)$", re.ASCII)

_POSITION: Final = re.compile(r"\d{1,19}", re.ASCII)

# In place of a cursor: behind all that is there now.
LATEST: Final = "latest"
# In place of a slippage: the engine chooses it by the quote.
AUTO: Final = "auto"


def unknown(given: Iterable[str], known: Container[str], what: str = "unknown field") -> dict[str, str]:
    """What is wrong with names that nothing reads: a misspelt one that is passed over would cost money."""
    return {printable(name): what for name in given if name not in known}


def single_values(query: Mapping[str, Sequence[str]], known: Container[str]) -> dict[str, str]:
    """A query string as names and values; raises InvalidRequest for unknown names, and for doubled ones.

    Half the readers of a doubled name take the first value, half the last: the caller means neither.
    """
    refusals = unknown(query, known, "unknown parameter")
    doubled = {printable(name): "give it once" for name, values in query.items() if len(values) > 1}
    if refusals or doubled:
        raise InvalidRequest("The query is not valid", **doubled | refusals)
    return {name: values[0] for name, values in query.items()}


def position(text: object) -> int | None:
    """Where in the feed a cursor stands; None for `latest`. Raises ValueError saying what is wrong."""
    if text == LATEST:
        return None
    if not isinstance(text, str) or not _POSITION.fullmatch(text) or int(text) >= 2**63:
        raise ValueError(f"a cursor of an earlier answer, or {LATEST}")
    return int(text)


def spelling(text: str) -> str:
    """A word of the API in its own spelling, from any letter case, `take-profit` or `takeProfit`.

    Other letters than ASCII's stay as they are: the Kelvin sign is no k, though it is one in lower case.
    """
    if not text.isascii():
        return text
    return _HUMP.sub("_", text).replace("-", "_").lower()


def idempotency_key(text: str) -> str:
    """The key of a header whose bytes came as Latin-1; raises InvalidRequest.

    The bytes are UTF-8. In quotes it is the string that they hold, as the IETF's
    draft-ietf-httpapi-idempotency-key-header has it (strings of RFC 8941, 3.3.3).
    """
    try:
        found = text.encode("latin-1").decode("utf-8")
        if len(found) > 1 and found.startswith('"') and found.endswith('"'):
            found = _ESCAPED.sub(r"\1", found[1:-1])
        return key(found)
    except UnicodeError:
        raise InvalidRequest(idempotencyKey="ASCII or UTF-8") from None
    except ValueError as error:
        raise InvalidRequest(idempotencyKey=str(error)) from None


def printable(text: str) -> str:
    """Text of a caller that is safe to give back: shortened, without control characters."""
    return text[:_LONGEST_WORD].encode("ascii", "backslashreplace").decode()


def moment(value: object) -> datetime:
    """An instant from ISO 8601 text with a zone; raises ValueError saying what is wrong."""
    parsed = parse_datetime(value) if isinstance(value, str) else None
    if parsed is None or parsed.tzinfo is None:
        raise ValueError("an ISO 8601 time with a zone, for example 2030-01-31T12:00:00Z")
    try:
        return parsed.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None


def query_moment(text: str) -> datetime:
    """As `moment`, from a query string, where an unescaped + has become a space."""
    return moment(_LOST_PLUS.sub(r"\1+\2", text))


def key(value: object) -> str:
    """A caller's own name for an order; raises ValueError saying what is wrong."""
    if not isinstance(value, str) or not 1 <= len(value) <= _LONGEST_KEY or not value.isprintable():
        raise ValueError(f"text of 1 to {_LONGEST_KEY} printable characters")
    return value


def token_name(value: object) -> str:
    """A symbol or a mint address as given; raises ValueError saying what is wrong."""
    if not isinstance(value, str) or not 1 <= len(value) <= _LONGEST_TOKEN or not value.isprintable():
        raise ValueError("a token symbol or a mint address")
    return value


def word(value: object) -> str:
    """A short text; raises ValueError saying what is wrong."""
    if not isinstance(value, str) or len(value) > _LONGEST_WORD:
        raise ValueError("text")
    return value


def basis_points(value: object) -> int:
    """An integer; raises ValueError saying what is wrong."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("an integer of basis points")
    return value


def venue_names(value: object) -> tuple[str, ...]:
    """A list of names in any letter case, or one text with commas; raises ValueError saying what is wrong."""
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list) or not 1 <= len(names) <= _MOST_VENUES:
        raise ValueError(f"a list of 1 to {_MOST_VENUES} names of venues or brands")
    return tuple(dict.fromkeys(word(name).strip().lower() for name in names))


def hops(value: object) -> int:
    """1 or 2; raises ValueError saying what is wrong."""
    return _number(value, MOST_HOPS)


def splits(value: object) -> int:
    """1 to 3; raises ValueError saying what is wrong."""
    return _number(value, MOST_SPLITS)


def _number(value: object, most: int) -> int:
    # A query string has digits where a body has a number.
    number = int(value) if isinstance(value, str) and _DIGIT.fullmatch(value) else value
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= most:
        raise ValueError(f"an integer from 1 to {most}")
    return number


def slippage(value: object) -> int | Literal["auto"]:
    """An integer, or `auto`; raises ValueError saying what is wrong."""
    return AUTO if value == AUTO else basis_points(value)


def price(value: object) -> Decimal:
    """A positive decimal of at most 40 characters; raises ValueError saying what is wrong."""
    try:
        found = parse_amount(value)
    except InvalidAmount as error:
        raise ValueError(error.message) from None
    if len(format(found, "f")) > _LONGEST_PRICE:
        raise ValueError(f"at most {_LONGEST_PRICE} characters")
    return found


def bounded_integer(query: Mapping[str, str], name: str, default: int, lowest: int, highest: int) -> int:
    """An integer of a query string within its bounds; raises InvalidRequest."""
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and lowest <= int(text) <= highest):
        raise InvalidRequest(**{name: f"an integer from {lowest} to {highest}"})
    return int(text)


def uuid_of(text: str) -> UUID:
    """An id of a query string; raises ValueError saying what is wrong."""
    try:
        return UUID(text)
    except ValueError:
        raise ValueError("an id as answers give it") from None


def order_uuid(text: object) -> UUID:
    """The id in a path or a message; raises NotFound, because no order has a malformed one."""
    try:
        return UUID(text if isinstance(text, str) else "")
    except ValueError:
        raise NotFound("There is no such order") from None


def wire(read: Any, *names: Field) -> dict[str, Any]:
    """How a field of an intent is read, and the wire's names for it."""
    return {"read": read, "wire": names}


def optional(name: str, kind: Schema, means: str, **more: Any) -> Field:
    """A field that a request may do without."""
    return Field(name, nullable(kind), means=means, optional=True, **more)


def within(lowest: int, highest: int) -> Callable[[object], int]:
    """Reads an integer of a range; raises ValueError saying what is wrong."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise ValueError(f"an integer from {lowest} to {highest}")
        return value

    return read


# How an object's fields are read: by their names on the wire, the attribute of each and its reader.
Readers = Mapping[str, tuple[str, Callable[[object], Any]]]


def object_of(message: Message, readers: Readers, made: Callable[..., Any]) -> Callable[[object], Any]:
    """Reads an object with the fields of a message, null as not given; raises ValueError on what is wrong."""
    required = [each.name for each in message.fields if not each.optional]

    def read(value: object) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError("an object")
        wrong = [str(name) for name in value if name not in message.names]
        if wrong:
            raise ValueError(f"unknown field {printable(wrong[0])}")
        given = {name: each for name, each in value.items() if each is not None}
        missing = [name for name in required if name not in given]
        if missing:
            raise ValueError(f"{missing[0]} is required")
        return made(**{readers[name][0]: _part(name, readers[name][1], each) for name, each in given.items()})

    return read


def _part(name: str, reader: Callable[[object], Any], value: object) -> Any:
    try:
        return reader(value)
    except (ValueError, InvalidAmount) as error:
        raise ValueError(f"{name}: {error}") from None
