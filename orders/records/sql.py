"""SQL of the hot path, written out once a shape instead of compiled anew for every row.

A writer holds SQLite's lock, or a row's, from its first statement on. So values are made ready
before, and inside the transaction there is nothing left to do but to run them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

Row = TypeVar("Row", bound=Model)


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
    return [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for field in _fields(type(row))]
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
    return [_field(model, name).get_db_prep_save(value, connection) for name, value in named]


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


def rows(model: type[Row], fetched: Iterable[Sequence[Any]]) -> list[Row]:
    """Rows of `every_column` as instances, their values as the ORM would give them."""
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    return [model.from_db(connection.alias, names, values) for values in _converted(fields, fetched)]


def keys(model: type[Model], fetched: Iterable[Sequence[Any]]) -> list[Any]:
    """The primary keys of rows that consist of nothing else."""
    return [key for (key,) in _converted((model._meta.pk,), fetched)]


def _converted(fields: tuple[Any, ...], fetched: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    converters = _converters(fields)
    for raw in fetched:
        values = list(raw)
        for place, expression, convert in converters:
            values[place] = convert(values[place], expression, connection)
        yield values


@lru_cache(maxsize=8)
def _converters(fields: tuple[Any, ...]) -> list[tuple[int, Any, Callable[..., Any]]]:
    """The place of each column that needs one, with its converter: the database's own ones come first."""
    found: list[tuple[int, Any, Callable[..., Any]]] = []
    for place, field in enumerate(fields):
        # Of a foreign key, that of the key it refers to.
        expression = field.get_col(field.model._meta.db_table)
        converters = [
            *connection.ops.get_db_converters(expression),
            *expression.get_db_converters(connection),
        ]
        found.extend((place, expression, convert) for convert in converters)
    return found


@lru_cache(maxsize=8)
def _insert(model: type[Model]) -> str:
    names = [connection.ops.quote_name(name) for name in columns(model)]
    return f"INSERT INTO {table(model)} ({', '.join(names)}) VALUES {places(len(names))}"


@lru_cache(maxsize=8)
def _fields(model: type[Model]) -> tuple[Any, ...]:
    return tuple(field for field in model._meta.concrete_fields if field is not model._meta.auto_field)


@lru_cache(maxsize=256)
def _field(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name)
