"""`manage.py launches`: new pools that a running engine has seen; with --follow, as they come and change."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any, Final

from django.core.management.base import CommandParser

from orders.client.command import EngineCommand
from orders.client.launch_text import launch_text
from orders.client.remote import RemoteEngine

_EVERY_SECONDS: Final = 0.5
_MOST: Final = 200
# What of a launch is worth a new line: not each swap in its pool.
_NEWS: Final = ("state", "feeBps", "flags", "opens", "graduatedFrom")


class Command(EngineCommand):
    """Exit status: 0; 2 refused or unreachable; 130 after Ctrl-C."""

    help = "List new pools that a running engine has seen, oldest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--follow", action="store_true", help="go on with those that come, and changes")
        parser.add_argument("--mint", metavar="MINT", help="only pools of this token")
        parser.add_argument("--venue", metavar="VENUE", help="one or more programs, separated by commas")
        parser.add_argument("--limit", default="20", metavar="N", help="at most so many, up to 200")
        super().add_arguments(parser)

    def work(self, engine: RemoteEngine, options: Mapping[str, Any]) -> int:
        named = {name: options[name] for name in ("mint", "venue") if options[name]}
        shown: dict[str, object] = {}
        found = engine.launches(**named, limit=options["limit"])["results"]
        self._show(found, shown, options)
        pause = threading.Event()
        while options["follow"]:
            pause.wait(_EVERY_SECONDS)
            # Older ones that were not shown at the start are none that have come.
            since = min((launch["seenAt"] for launch in found), default=None)
            more = {"since": since} if since else {}
            self._show(engine.launches(**named, **more, limit=str(_MOST))["results"], shown, options)
        return 0

    def _show(
        self, found: list[dict[str, Any]], shown: dict[str, object], options: Mapping[str, Any]
    ) -> None:
        for launch in reversed(found):
            news = [launch[name] for name in _NEWS]
            if shown.get(launch["pool"]) != news:
                shown[launch["pool"]] = news
                self.line(json.dumps(launch) if options["json"] else launch_text(launch))
