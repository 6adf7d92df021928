"""SQL of the hot path, written out once a shape instead of compiled anew for every row.

A writer holds SQLite's lock, or a row's, from its first statement on. So values are made ready
before, and inside the transaction there is nothing left to do but to run them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models import Model
from django.db.models.base import ModelState
from psycopg.types.json import Jsonb

Row = TypeVar("Row", bound=Model)
Key = TypeVar("Key")
_OF_TEXT: Final = frozenset({models.CharField, models.TextField})
_OF_JSON: Final = (dict, list)
_OF_NUMBERS: Final = frozenset(
    {
        *(models.IntegerField, models.BigIntegerField, models.SmallIntegerField),
        *(models.PositiveIntegerField, models.PositiveBigIntegerField, models.PositiveSmallIntegerField),
    }
)


def insert(model: type[Model]) -> str:
    """INSERT of one row of ``model``, with ``insert_values`` for its parameters."""
    return _insert(model)


def columns(model: type[Model]) -> list[str]:
    """The columns of ``insert`` in their order."""
    return [field.column for field in _fields(model)]


def copy(model: type[Model]) -> str:
    """PostgreSQL's COPY of rows of ``model``, with ``insert_values`` for each of them."""
    names = ", ".join(connection.ops.quote_name(name) for name in columns(model))
    return f"COPY {table(model)} ({names}) FROM STDIN"


def insert_values(rows: Iterable[Model]) -> list[list[Any]]:
    """The parameters of ``insert`` for each row."""
    database = connections[DEFAULT_DB_ALIAS]
    return [
        [
            value
            if (value := getattr(row, field.attname)) is None or type(value) in kept
            else _stored(field, value, database)
            for field, kept in _kinds_of_all(type(row), database.vendor)
        ]
        for row in rows
    ]


@lru_cache(maxsize=256)
def update(
    model: type[Model], changed: tuple[str, ...], guards: tuple[str, ...], nulls: tuple[str, ...]
) -> str:
    """UPDATE of the columns ``changed`` where ``guards`` have given values and ``nulls`` are NULL."""
    assignments = ", ".join(f"{column(model, name)} = %s" for name in changed)
    conditions = [f"{column(model, name)} = %s" for name in guards]
    conditions += [f"{column(model, name)} IS NULL" for name in nulls]
    # Only names of the model's own columns go into the text.
    return f"UPDATE {table(model)} SET {assignments} WHERE {' AND '.join(conditions)}"


def values(model: type[Model], named: Sequence[tuple[str, object]]) -> list[Any]:
    """Parameters for the named columns, as the database stores them."""
    return values_of(model, tuple([name for name, _ in named]), [value for _, value in named])


def values_of(model: type[Model], names: tuple[str, ...], given: Iterable[object]) -> list[Any]:
    """`values`, where names and values come apart."""
    database = connections[DEFAULT_DB_ALIAS]
    return [
        value if value is None or type(value) in kept else _stored(field, value, database)
        for value, (field, kept) in zip(given, _kinds(model, names, database.vendor), strict=True)
    ]


def table(model: type[Model]) -> str:
    """The model's table, quoted."""
    return connection.ops.quote_name(model._meta.db_table)


def column(model: type[Model], name: str) -> str:
    """The column of the model's field ``name``, quoted."""
    return connection.ops.quote_name(_field(model, name).column)


def every_column(model: type[Model]) -> str:
    """What `rows` wants selected, or returned."""
    return ", ".join(column(model, field.name) for field in model._meta.concrete_fields)


def places(count: int) -> str:
    """A list of ``count`` parameters in brackets, for IN; at least one."""
    return f"({', '.join(['%s'] * count)})"


def padded(keys: Collection[Key]) -> list[Key]:
    """The keys for IN, the last one repeated up to a power of two.

    Batches are of any size, and to prepare a statement for each takes longer than to run it: a connection
    keeps so few of them at hand that they must be few.
    """
    found = list(keys)
    return found + found[-1:] * ((1 << (len(found) - 1).bit_length()) - len(found))


def rows(model: type[Row], fetched: Iterable[Sequence[Any]]) -> list[Row]:
    """Rows of `every_column` as instances, their values as the ORM would give them."""
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    found = [instance(model, zip(names, values, strict=True)) for values in _converted(fields, fetched)]
    for row in found:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return found


def instance(model: type[Row], columns: Iterable[tuple[str, Any]]) -> Row:
    """A row that is not written yet, made without a call a column and signals that nobody gets."""
    row = model.__new__(model)
    row._state = ModelState()
    row.__dict__.update(columns)
    return row


def keys(model: type[Model], fetched: Iterable[Sequence[Any]]) -> list[Any]:
    """The primary keys of rows that consist of nothing else."""
    return [key for (key,) in _converted((model._meta.pk,), fetched)]


def _stored(field: Any, value: Any, database: Any) -> Any:
    """What `get_db_prep_save` of the field gives, without its five calls where the type says it all."""
    kind = type(value)
    if kind is UUID:
        return value if database.features.has_native_uuid_field else value.hex
    if kind in _OF_JSON and field.__class__ is models.JSONField and field.encoder is None:
        return _as_json(value, database.vendor)
    if kind is datetime:
        return _stored_moment(value, database.vendor)
    return field.get_db_prep_save(value, database)


@lru_cache(maxsize=1024)
def _stored_moment(moment: datetime, _vendor: str) -> Any:
    # Rows of one statement share most of their moments.
    return connection.ops.adapt_datetimefield_value(moment)


def _as_json(value: Any, vendor: str) -> Any:
    """As `adapt_json_value` of the database's operations gives it, by a compiled encoder."""
    return Jsonb(value, dumps=_json_text) if vendor == "postgresql" else _json_text(value)


def _json_text(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # Integers beyond 64 bits, which nothing but people's own texts and figures hold.
        return json.dumps(value)


@lru_cache(maxsize=64)
def _kept_as_they_are(field: type[Any], vendor: str) -> frozenset[type]:
    """Types of values that the database takes from such a field unchanged."""
    if field in _OF_TEXT:
        return frozenset({str})
    if field is models.BooleanField:
        return frozenset({bool})
    # PostgreSQL's driver is told the width of the column.
    return frozenset({int}) if field in _OF_NUMBERS and vendor == "sqlite" else frozenset()


def _converted(fields: tuple[Any, ...], fetched: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    converters = _converters(fields, connection.vendor)
    for raw in fetched:
        values = list(raw)
        for place, convert in converters:
            if (value := values[place]) is not None:
                values[place] = convert(value)
        yield values


@lru_cache(maxsize=8)
def _converters(fields: tuple[Any, ...], vendor: str) -> list[tuple[int, Callable[[Any], Any]]]:
    """The place of each column that needs one, with what makes the field's value of a stored one."""
    places = enumerate(fields)
    return [(place, convert) for place, field in places for convert in _converters_of(field, vendor)]


def _converters_of(field: Any, vendor: str) -> list[Callable[[Any], Any]]:
    """Of one field, the database's own first; moments of SQLite are read without asking for settings."""
    if field.__class__ is models.JSONField and field.decoder is None:
        return [orjson.loads]
    # Of a foreign key, that of the key it refers to.
    known = _OF_SQLITE.get(field.target_field.__class__ if field.is_relation else field.__class__)
    if vendor == "sqlite" and known is not None:
        return [known]
    expression = field.get_col(field.model._meta.db_table)
    converters = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]
    return [partial(_by, convert, expression) for convert in converters]


def _by(convert: Callable[..., Any], expression: Any, value: Any) -> Any:
    return convert(value, expression, connection)


def _moment(text: str) -> datetime:
    # Django stores moments in UTC and leaves the zone out.
    return datetime.fromisoformat(f"{text}+00:00")


_OF_SQLITE: Final[Mapping[type[Any], Callable[[Any], Any]]] = {
    models.DateTimeField: _moment,
    models.UUIDField: UUID,
    models.BooleanField: bool,
}


@lru_cache(maxsize=8)
def _insert(model: type[Model]) -> str:
    names = [connection.ops.quote_name(name) for name in columns(model)]
    return f"INSERT INTO {table(model)} ({', '.join(names)}) VALUES {places(len(names))}"


@lru_cache(maxsize=8)
def _fields(model: type[Model]) -> tuple[Any, ...]:
    return tuple(field for field in model._meta.concrete_fields if field is not model._meta.auto_field)


@lru_cache(maxsize=64)
def _kinds_of_all(model: type[Model], vendor: str) -> tuple[tuple[Any, frozenset[type]], ...]:
    return tuple([(field, _kept_as_they_are(field.__class__, vendor)) for field in _fields(model)])


@lru_cache(maxsize=1024)
def _kinds(
    model: type[Model], names: tuple[str, ...], vendor: str
) -> tuple[tuple[Any, frozenset[type]], ...]:
    """Each named field with the types of values that the database takes from it unchanged."""
    fields = [_field(model, name) for name in names]
    return tuple([(field, _kept_as_they_are(field.__class__, vendor)) for field in fields])


@lru_cache(maxsize=256)
def _field(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name)
