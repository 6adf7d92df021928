"""Which errors are the database's own trouble: they say nothing about the order that was worked on."""

from __future__ import annotations

from django.db import DataError, Error, IntegrityError


def is_database_trouble(error: BaseException) -> bool:
    """Whether the database could not do what it was asked, whatever it was asked.

    Away, full, read-only, locked, cut off or without a permission. A value that it does not take
    (DataError, IntegrityError) is a fault of who asked.
    """
    return isinstance(error, Error) and not isinstance(error, DataError | IntegrityError)
