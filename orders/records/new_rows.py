"""New rows of wide tables, made without the call a column that Django's own making of an instance takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from django.db.models import Model

from orders.records import sql

Row = TypeVar("Row", bound=Model)


def new_row(model: type[Row], **columns: Any) -> Row:
    """As ``model(**columns)``, where a row beside it is named by its key (``user_id``); raises TypeError."""
    alike, made = _defaults(model)
    unknown = columns.keys() - alike.keys() - made.keys()
    if unknown:
        raise TypeError(f"{model.__name__} has no {', '.join(sorted(unknown))}")
    own = {name: make() for name, make in made.items() if name not in columns}
    return sql.instance(model, (alike | own | columns).items())


@lru_cache(maxsize=8)
def _defaults(model: type[Model]) -> tuple[dict[str, Any], dict[str, Callable[[], Any]]]:
    """The defaults that all rows share, and what makes those that each has for itself."""
    fields = model._meta.concrete_fields
    made = {field.attname: field.get_default for field in fields if callable(field.default)}
    alike = {field.attname: field.get_default() for field in fields if field.attname not in made}
    return alike, made
