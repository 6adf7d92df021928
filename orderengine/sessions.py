"""Django's sessions in the database, without keys that a database cannot look up."""

from __future__ import annotations

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """Takes a key that Django could not have made as none.

    A quoted cookie can carry a NUL, and PostgreSQL fails on text with one instead of not finding it.
    """

    def _validate_session_key(self, key: str | None) -> bool:
        known: bool = super()._validate_session_key(key)  # type: ignore[misc]
        return bool(known and key and key.isascii() and key.isalnum())
