"""Keeps what is secret in the settings out of logs, of error pages and of complaints about settings."""

from __future__ import annotations

import logging
import re
from collections.abc import ItemsView, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import structlog
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

# Shorter ones would blot out ordinary words.
_SHORTEST: Final = 8
# A provider's key in a path is long; "v1", "rpc" and "mainnet" are not.
_SHORTEST_IN_PATH: Final = 16
_FILES: Final = frozenset({"unix", "redis+socket", "sqlite", "file"})
_HIDDEN: Final = "***"


def require_addresses(environment: Mapping[str, str], names: Iterable[str], lists: Iterable[str]) -> None:
    """Raise ImproperlyConfigured for a variable that is no URL, naming the variable and not its value.

    ``lists`` are variables of several URLs with commas between them.

    The error of anyone who reads it later would quote a part of it, which may be a part of a password.
    """
    one = [(name, environment.get(name, "")) for name in names]
    many = [(name, url.strip()) for name in lists for url in environment.get(name, "").split(",")]
    for name, url in one + many:
        if not _is_url(url):
            text = f"{name} is not a URL: special characters of a password must be percent-encoded"
            raise ImproperlyConfigured(text)


def _is_url(text: str) -> bool:
    if text in {"", "sqlite://:memory:"}:
        return True
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    # A password with a slash splits the address; what follows would pass for a database's name.
    if parts.scheme in _FILES:
        return True
    return bool(parts.scheme) and "@" not in f"{parts.path}{parts.query}{parts.fragment}"


def known_secrets(texts: Iterable[str], urls: Iterable[str]) -> list[str]:
    """What no log line may hold: ``texts``, and of each URL password, user's key, query and long path parts.

    Each as it stands, decoded and percent-encoded; longest first, so that none hides a part of another.
    """
    found = {text.strip() for text in texts}
    for url in urls:
        found |= set(_secrets_of_url(url))
    forms = {form for text in found for form in (text, unquote(text), quote(unquote(text), safe=""))}
    return sorted((form for form in forms if len(form) >= _SHORTEST), key=len, reverse=True)


def header_values(text: str) -> Iterator[str]:
    """What is secret in ``name=value,name=value``: each value, and without a scheme before it (``Bearer``).

    The form of OTEL_EXPORTER_OTLP_HEADERS; values are percent-encoded there, or not.
    """
    for pair in text.split(","):
        value = unquote(pair.partition("=")[2]).strip()
        yield value
        yield value.rpartition(" ")[2]


def _secrets_of_url(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    if parts.scheme in _FILES:
        return
    yield parts.password or ""
    if parts.username and not parts.password:
        yield parts.username
    yield from (value for _, value in parse_qsl(parts.query))
    yield from (part for part in parts.path.split("/") if len(part) >= _SHORTEST_IN_PATH)


def without_values(record: logging.LogRecord) -> bool:
    """A logging filter for the reader of .env, which quotes the line that it cannot read."""
    if record.levelno >= logging.WARNING:
        record.msg, record.args = "a line of the settings file is not NAME=value, and is left out", None
    return True


class DiscreetFormatter(structlog.stdlib.ProcessorFormatter):
    """Blots ``secrets`` out of each finished line, anyone who wrote it and wherever in it they stand."""

    def __init__(self, *args: Any, secrets: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._secrets = tuple(secrets)

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, _HIDDEN)
        return line


class DiscreetErrorPages(SafeExceptionReporterFilter):
    """Django's error pages with DEBUG on, without addresses of servers and without local variables.

    Both hold passwords: of a database that cannot be reached, its driver's variables show the whole address.
    """

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|URL|ADDR|HOST|ENDPOINT|LOCATION|CACHES|LAYERS|DATABASES",
        re.IGNORECASE,
    )

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: Any
    ) -> ItemsView[str, Any]:
        """No variables at all."""
        return dict[str, Any]().items()
