"""How log lines look: readable ones for people, JSON for machines. Fields of a line are an allow-list.

Lines of every logger, Django's and the libraries' too, pass through here. What a library puts beside its
message (Django: the whole request) is left out, so that nothing gets into a log by being near it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import structlog
from django.core.exceptions import ImproperlyConfigured
from structlog.typing import Processor

from orderengine.secrecy import DiscreetFormatter

FORMATS: Final = ("readable", "json")
# What this project's lines carry beside their message; bound context comes on top.
FIELDS: Final = (
    *("stage", "outcome", "orders", "requests", "onward", "waiting", "ended", "ms"),
    *("method", "path", "status"),
)
_NOISY: Final = ("httpx", "httpx2", "daphne", "websockets", "celery", "kombu", "amqp")


def logging_config(log_format: str, level: str, secrets: Sequence[str] = ()) -> dict[str, Any]:
    """Django's LOGGING; no line holds one of ``secrets``.

    Raises ImproperlyConfigured for a format that is none of `FORMATS`.
    """
    if log_format not in FORMATS:
        raise ImproperlyConfigured(f"LOG_FORMAT is none of {', '.join(FORMATS)}")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": DiscreetFormatter,
                "secrets": secrets,
                "foreign_pre_chain": _gather(),
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *_render(log_format),
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            **{name: {"level": "WARNING"} for name in _NOISY},
            "django.request": {"level": "ERROR"},
            # Anybody can cause it, with a trace of nothing that is wrong here.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
        },
    }


def _gather() -> Sequence[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.ExtraAdder(allow=FIELDS),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]


def _render(log_format: str) -> Sequence[Processor]:
    if log_format == "json":
        return [
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(),
        ]
    return [
        structlog.dev.ConsoleRenderer(
            colors=False,
            pad_event_to=0,
            pad_level=False,
            timestamp_key="at",
            exception_formatter=structlog.dev.plain_traceback,
        )
    ]
