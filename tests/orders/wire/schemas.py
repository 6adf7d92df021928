"""Validates real messages against the schemas of their tables, which then allow no other field."""

from __future__ import annotations

from typing import Any

import jsonschema

from orders.wire.message import Message, OneOf, components, ref


def validator(message: Message | OneOf) -> jsonschema.Draft202012Validator:
    """Of one message and what it refers to; a field that no table names is an error."""
    schemas = {name: _closed(schema) for name, schema in components(ref(message)).items()}
    whole = {**ref(message), "components": {"schemas": schemas}}
    return jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "additionalProperties": False} if "properties" in schema else schema
