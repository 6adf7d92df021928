"""Switches traces on in a process, when the settings name a collector, and off at its end."""

from __future__ import annotations

import atexit
import importlib.util
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from orders.telemetry import hooks

if TYPE_CHECKING:
    from orders.telemetry.provider import Traces

_NEEDED: Final = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")
_PROTOCOL: Final = "http/protobuf"
_traces: Traces | None = None


def config_errors() -> list[str]:
    """Why traces cannot be given as the settings ask for; empty while they are off."""
    if not settings.TRACING:
        return []
    found = []
    if urlsplit(settings.OTEL_EXPORTER_OTLP_ENDPOINT).scheme not in ("http", "https"):
        found.append("OTEL_EXPORTER_OTLP_ENDPOINT begins with http:// or https://")
    if not all(_is_installed(name) for name in _NEEDED):
        text = "OTEL_EXPORTER_OTLP_ENDPOINT needs OpenTelemetry: pip install -r requirements-otel.txt"
        found.append(text)
    if settings.OTEL_EXPORTER_OTLP_PROTOCOL not in ("", _PROTOCOL):
        found.append(f"OTEL_EXPORTER_OTLP_PROTOCOL is {_PROTOCOL}, no other is spoken here")
    return found


def start(service: str) -> None:
    """Give traces from now on if the settings ask for them; ``service`` is the name where they give none.

    Raises ImproperlyConfigured when they cannot be given.
    """
    global _traces
    if not settings.TRACING or _traces is not None:
        return
    wrong = config_errors()
    if wrong:
        raise ImproperlyConfigured(wrong[0])
    from orders.telemetry.provider import Traces

    _traces = Traces(service)
    hooks.use(_traces.recorder)
    atexit.register(stop)


def stop() -> None:
    """Give none any more. What is queued goes out first, if the collector takes it within seconds."""
    global _traces
    atexit.unregister(stop)
    hooks.use(None)
    ending, _traces = _traces, None
    if ending is not None:
        ending.close()


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
