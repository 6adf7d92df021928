"""The log as the engine would write it, for tests that read it."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from typing import Any

from orderengine.logs import logging_config

Lines = list[dict[str, Any]]


class Log:
    """The lines of this test as the engine would write them."""

    def __init__(self, log_format: str) -> None:
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        described = logging_config(log_format, "INFO")["formatters"]["line"]
        factory = described.pop("()")
        self.handler.setFormatter(factory(**described))

    def text(self) -> str:
        return self._stream.getvalue()

    def lines(self, *messages: str) -> Lines:
        """The objects, all of them or those of the named messages."""
        found = [json.loads(line) for line in self.text().splitlines()]
        return [line for line in found if not messages or line["message"] in messages]
