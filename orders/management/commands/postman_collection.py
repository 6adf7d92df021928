"""`manage.py postman_collection`: the REST API as a Postman collection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser
from drf_spectacular.generators import SchemaGenerator

from orders.api.postman import postman_collection

_BASE_URL: Final = "http://127.0.0.1:8000"


class Command(BaseCommand):
    help = "Print the Postman collection that belongs to the OpenAPI description, or write it to a file."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, metavar="FILE", help="default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print or write the collection."""
        text = collection_text()
        if options["file"] is None:
            self.stdout.write(text, ending="")
        else:
            options["file"].write_text(text)


def collection_text() -> str:
    """The collection as the committed file holds it."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return json.dumps(postman_collection(schema, _BASE_URL), indent=2) + "\n"
