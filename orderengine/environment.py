"""Settings as the environment has them: what cannot be read is named in one line, never guessed.

No complaint quotes a value, because a secret may stand in the wrong variable.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import environ
from django.core.exceptions import ImproperlyConfigured

_WORDS: Final = dict.fromkeys(("true", "on", "yes", "y", "1"), True) | dict.fromkeys(
    ("false", "off", "no", "n", "0"), False
)
_DATABASES: Final = ("django.db.backends.sqlite3", "django.db.backends.postgresql")


class Environment(environ.Env):  # type: ignore[misc]
    """django-environ made strict. Each reader raises ImproperlyConfigured for what it cannot read.

    A variable that is empty counts as not set, except a switch: an empty one might be meant either way.
    """

    def get_value(self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, **_: Any) -> Any:
        """The value as the readers of the base class want it; none is looked up under another name."""
        text = self.ENVIRON.get(var)
        if text is None or (cast is not bool and not text.strip()):
            return default
        try:
            return self.parse_value(text, cast)
        except ValueError:
            expected = {int: "a whole number", bool: "true or false", dict: "NAME=value,NAME=value"}
            raise ImproperlyConfigured(f"{var} is not {expected.get(cast, 'readable')}") from None

    @classmethod
    def parse_value(cls, value: Any, cast: Any) -> Any:
        """Read the text of a variable; a switch is a word for on or off and nothing else."""
        if cast is not bool:
            return super().parse_value(value, cast)
        try:
            return _WORDS[str(value).strip().lower()]
        except KeyError:
            raise ValueError(value) from None

    def database(self, var: str, default: str) -> dict[str, Any]:
        """Django's description of the database at a URL."""
        found: dict[str, Any] = dict(self.db_url_config(self.str(var, default=default)))
        if found.get("ENGINE") not in _DATABASES:
            raise ImproperlyConfigured(f"{var} is neither sqlite:/// nor postgres://")
        return found

    def log_level(self, var: str, default: str) -> str:
        """The name of a level of Python's logging."""
        level: str = self.str(var, default=default).upper()
        if level not in logging.getLevelNamesMapping():
            raise ImproperlyConfigured(f"{var} is none of DEBUG, INFO, WARNING, ERROR")
        return level
