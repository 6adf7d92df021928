"""What commands share that speak to a running engine: where it is, who calls, and how refusals end them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser

from orders.client.engine_address import find_engine
from orders.client.remote import EngineRefused, EngineUnreachable, RemoteEngine

REFUSED: Final = 2
INTERRUPTED: Final = 130


class EngineCommand(BaseCommand):
    """Exit status 2 where the engine refuses or none answers, 130 after Ctrl-C, else that of `work`."""

    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", help="default: the engine that runs on DATA_DIR, else HOST and PORT")
        parser.add_argument("--token", default=os.environ.get("ORDER_ENGINE_TOKEN"), help="bearer token")
        parser.add_argument("--json", action="store_true", help="print what the engine answers, one a line")

    def work(self, engine: RemoteEngine, options: Mapping[str, Any]) -> int:
        """What the command does; its exit status. May raise EngineRefused and EngineUnreachable."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        # The display ends its lines itself: a line that moves has no end yet.
        self.stdout.ending = ""
        url = (options["url"] or find_engine().url).rstrip("/")
        try:
            with RemoteEngine(url, options["token"]) as engine:
                status = self.work(engine, {**options, "url": url, "url_given": options["url"]})
        except EngineRefused as error:
            self.refuse(error)
            status = REFUSED
        except EngineUnreachable as error:
            self.stderr.write(f"no engine answers: {error}. Start one with script/server, or give --url")
            status = REFUSED
        except KeyboardInterrupt:
            status = INTERRUPTED
        sys.exit(status)

    def refuse(self, error: EngineRefused, of: str = "") -> None:
        """Write why the engine refused."""
        details = f" {json.dumps(error.details)}" if error.details else ""
        self.stderr.write(f"{f'{of}: ' if of else ''}{error.code}: {error.message}{details}")

    def line(self, text: str) -> None:
        """Write a line."""
        self.stdout.write(f"{text}\n")
        self.stdout.flush()


def network_of(engine: RemoteEngine, options: Mapping[str, Any]) -> str:
    """The chain that the engine swaps on."""
    return engine.network() if options["url_given"] else find_engine().network
