"""Messages as tables: a row names a field, its type, where its value comes from and what it means.

From one table come the answer itself, its JSON Schema (OpenAPI 3.1, AsyncAPI 3), its example and its
rows in the documents. A field is added by one row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Final

Schema = Mapping[str, Any]

_REFERENCE: Final = "#/components/schemas/"
_NO_EXAMPLE: Final = object()
# By name, so that a reference in a type leads to its message.
_named: Final[dict[str, Described]] = {}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    ``value`` is an attribute path of the message's source, or a function of it; None where the engine
    only reads the field. An ``optional`` field is left out while its value is None.
    """

    name: str
    type: Schema
    value: str | Callable[[Any], Any] | None = None
    means: str = ""
    optional: bool = False
    example: Any = _NO_EXAMPLE

    @property
    def schema(self) -> Schema:
        """The property's JSON Schema; a plain reference stays alone, as code generators want it."""
        more: dict[str, Any] = {} if not self.means or "$ref" in self.type else {"description": self.means}
        return {**self.type, **more}

    @property
    def has_example(self) -> bool:
        """Whether an example of its own was given."""
        return self.example is not _NO_EXAMPLE

    @property
    def shown(self) -> Any:
        """The example value."""
        return self.example if self.has_example else example_of(self.type)


class Rows:
    """Some fields and the answer that they make of a source."""

    def __init__(self, *fields: Field) -> None:
        self.fields: Final = fields
        self._always = tuple((f.name, _reader(f)) for f in fields if f.value and not f.optional)
        self._maybe = tuple((f.name, _reader(f)) for f in fields if f.value and f.optional)

    def of(self, source: Any) -> dict[str, Any]:
        """The fields with the values of ``source``."""
        answer = {name: read(source) for name, read in self._always}
        for name, read in self._maybe:
            value = read(source)
            if value is not None:
                answer[name] = value
        return answer

    @property
    def names(self) -> frozenset[str]:
        """The names of the fields."""
        return frozenset(field.name for field in self.fields)

    def optional(self) -> tuple[Field, ...]:
        """The same fields where a message may do without them."""
        return tuple(replace(field, optional=True) for field in self.fields)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of an object with these fields."""
        return {
            "type": "object",
            "properties": {field.name: field.schema for field in self.fields},
            "required": [field.name for field in self.fields if not field.optional],
        }

    def example(self, **changes: Any) -> dict[str, Any]:
        """Every field with its example value, but for ``changes``; optional ones where they have one."""
        shown = {f.name: f.shown for f in self.fields if not f.optional or f.has_example}
        return shown | changes


class Message(Rows):
    """A named object. ``closed``: a field that has no row is refused."""

    def __init__(self, name: str, *fields: Field, means: str = "", closed: bool = False) -> None:
        super().__init__(*fields)
        self.name, self.means, self.closed = name, means, closed
        _named[name] = self

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the object."""
        schema = super().schema()
        if self.closed:
            schema["additionalProperties"] = False
        return schema | ({"description": self.means} if self.means else {})


class OneOf:
    """One of several messages, distinguished by the constant that each has in the same field."""

    def __init__(
        self, name: str, discriminator: str, messages: Mapping[str, Message], means: str = ""
    ) -> None:
        self.name, self.discriminator, self.messages, self.means = name, discriminator, messages, means
        _named[name] = self

    def schema(self) -> dict[str, Any]:
        """The JSON Schema, with OpenAPI's discriminator."""
        found = {value: f"{_REFERENCE}{message.name}" for value, message in self.messages.items()}
        return {
            "oneOf": [{"$ref": target} for target in found.values()],
            "discriminator": {"propertyName": self.discriminator, "mapping": found},
            **({"description": self.means} if self.means else {}),
        }

    def example(self) -> dict[str, Any]:
        """That of the first message."""
        return next(iter(self.messages.values())).example()


Described = Message | OneOf


def named(name: str) -> Described:
    """The message of this name; raises KeyError."""
    return _named[name]


def ref(message: Described) -> dict[str, Any]:
    """The type of a field that holds this message."""
    return {"$ref": f"{_REFERENCE}{message.name}"}


def example_of(schema: Schema) -> Any:
    """The example value of a type."""
    if "$ref" in schema:
        return _named[schema["$ref"].removeprefix(_REFERENCE)].example()
    if "examples" in schema:
        return schema["examples"][0]
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    if "oneOf" in schema:
        return example_of(schema["oneOf"][0])
    return [example_of(schema["items"])] if schema["type"] == "array" else _EXAMPLES[str(schema["type"])]


_EXAMPLES: Final[Mapping[str, Any]] = {"string": "text", "integer": 1, "boolean": False, "object": {}}


def components(*roots: Schema) -> dict[str, Any]:
    """The schemas of all messages that these types refer to, by name."""
    found: dict[str, Any] = {}
    waiting = list(roots)
    while waiting:
        for name in _references(waiting.pop()):
            if name not in found:
                found[name] = _named[name].schema()
                waiting.append(found[name])
    return dict(sorted(found.items()))


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, list | tuple):
        for each in schema:
            yield from _references(each)
    elif isinstance(schema, Mapping):
        if "$ref" in schema:
            yield schema["$ref"].removeprefix(_REFERENCE)
        for each in schema.values():
            yield from _references(each)


def _reader(field: Field) -> Callable[[Any], Any]:
    assert field.value is not None
    return attrgetter(field.value) if isinstance(field.value, str) else field.value
