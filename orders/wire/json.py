"""JSON without surprises: no floats, no doubled keys, no numbers or nesting that hurt the server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import IO, Any, Final

from django.conf import settings
from rest_framework.parsers import BaseParser

from orders.errors import MalformedBody, PayloadTooLarge

# Far beyond 2**64, far below the point where turning text into an int is slow.
_LONGEST_NUMBER: Final = 100


class ExactJSONParser(BaseParser):
    """Reads a JSON body; every number with a fraction becomes a Decimal."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The body's value. Raises MalformedBody or PayloadTooLarge."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        # One byte more than allowed shows "too large" without reading the rest.
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise PayloadTooLarge(maxBytes=limit)
        return read_json(body)


def read_json(body: bytes | str) -> Any:
    """The value of a JSON text; raises MalformedBody.

    RFC 8259 leaves doubled names and the range of numbers open; here both are refused, so that
    no two readers of one request can understand two different orders.
    """
    try:
        text = body if isinstance(body, str) else body.decode("utf-8")
        return json.loads(
            text,
            parse_float=_exact_number,
            parse_int=_bounded_integer,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object_without_doubles,
        )
    except (ValueError, RecursionError) as error:
        raise MalformedBody(f"The body is not valid JSON: {_reason(error)}") from None


def read_object(body: bytes | str) -> dict[str, Any]:
    """The JSON object of a text; raises MalformedBody."""
    return require_object(read_json(body))


def require_object(value: object) -> dict[str, Any]:
    """The value when it is a JSON object; raises MalformedBody."""
    if not isinstance(value, dict):
        raise MalformedBody()
    return value


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    return str(error)


def _exact_number(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("a number is too long")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("a number is out of range") from None


def _bounded_integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("a number is too long")
    return int(text)


def _refuse_constant(_text: str) -> Any:
    raise ValueError("NaN and Infinity are no JSON numbers")


def _object_without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name appears twice in an object")
    return found
