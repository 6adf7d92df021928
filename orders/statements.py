"""SQL of the hot path, written out once a shape instead of compiled anew for every row.

A writer holds SQLite's lock, or a row's, from its first statement on. So values are made ready
before, and inside the transaction there is nothing left to do but to run them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Model


def insert(model: type[Model]) -> str:
    """INSERT of one row of ``model``, with ``insert_values`` for its parameters."""
    return _insert(model)


def columns(model: type[Model]) -> list[str]:
    """The columns of ``insert`` in their order."""
    return [field.column for field in _fields(model)]


def copy(model: type[Model]) -> str:
    """PostgreSQL's COPY of rows of ``model``, with ``insert_values`` for each of them."""
    names = ", ".join(connection.ops.quote_name(name) for name in columns(model))
    return f"COPY {_table(model)} ({names}) FROM STDIN"


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
    assignments = ", ".join(f"{_column(model, name)} = %s" for name in changed)
    conditions = [f"{_column(model, name)} = %s" for name in guards]
    conditions += [f"{_column(model, name)} IS NULL" for name in nulls]
    # Only names of the model's own columns go into the text.
    return f"UPDATE {_table(model)} SET {assignments} WHERE {' AND '.join(conditions)}"  # noqa: S608


def values(model: type[Model], named: Sequence[tuple[str, object]]) -> list[Any]:
    """Parameters for the named columns, as the database stores them."""
    return [_field(model, name).get_db_prep_save(value, connection) for name, value in named]


@lru_cache(maxsize=8)
def _insert(model: type[Model]) -> str:
    columns = [connection.ops.quote_name(field.column) for field in _fields(model)]
    places = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {_table(model)} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608


@lru_cache(maxsize=8)
def _fields(model: type[Model]) -> tuple[Any, ...]:
    return tuple(field for field in model._meta.concrete_fields if field is not model._meta.auto_field)


@lru_cache(maxsize=256)
def _field(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name)


def _column(model: type[Model], name: str) -> str:
    return connection.ops.quote_name(_field(model, name).column)


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
