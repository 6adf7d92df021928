"""`manage.py api_documents`: everything that is written down of the API and comes from its description."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

from orders.api.postman import postman_collection
from orders.streaming.asyncapi import asyncapi
from orders.wire import tables

_HOST: Final = "127.0.0.1:8000"
# `<!-- table NAME -->`, the table, `<!-- end -->`.
_TABLE: Final = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


class Command(BaseCommand):
    help = (
        "Write the Postman collection, docs/openapi.yaml, docs/asyncapi.yaml and the tables of docs/ by the "
        "API's description."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the files that have changed, and name them."""
        for file, text in documents():
            if not file.exists() or file.read_text() != text:
                file.write_text(text)
                self.stdout.write(str(file.relative_to(settings.BASE_DIR)))


def documents() -> Iterator[tuple[Path, str]]:
    """Each file and what it should hold."""
    root = Path(settings.BASE_DIR)
    yield root / "postman_collection.json", collection_text()
    yield root / "docs" / "openapi.yaml", openapi_text()
    yield root / "docs" / "asyncapi.yaml", yaml.safe_dump(asyncapi(_HOST), sort_keys=False, width=110)
    for page in sorted((root / "docs").glob("*.md")):
        yield page, with_tables(page.read_text())


def collection_text() -> str:
    """The Postman collection as the committed file holds it."""
    return json.dumps(postman_collection(openapi(), f"http://{_HOST}"), indent=2) + "\n"


def openapi_text() -> str:
    """The OpenAPI document as YAML, as `/api/schema/` answers."""
    rendered: bytes = OpenApiYamlRenderer().render(openapi())  # type: ignore[no-untyped-call]
    return rendered.decode()


def openapi() -> dict[str, Any]:
    """The OpenAPI document."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema


def with_tables(page: str) -> str:
    """The page with its tables made anew."""
    return _TABLE.sub(lambda found: f"{found[1]}\n{_table(found[2])}\n\n{found[3]}", page)


def _table(name: str) -> str:
    return _calls_table() if name == "calls" else tables.table(name)


def _calls_table() -> str:
    return tables.markdown(
        ("method", "path", "does"),
        (
            (method.upper(), f"`{path}`", _does(operation))
            for path, methods in openapi()["paths"].items()
            for method, operation in methods.items()
        ),
    )


def _does(operation: dict[str, Any]) -> str:
    query = [f"`{each['name']}`" for each in operation.get("parameters", ()) if each["in"] == "query"]
    summary: str = operation["summary"]
    return summary + (f": {' '.join(query)}" if query else "")
