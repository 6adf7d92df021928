"""A client that openapi-python-client makes of the description: it type-checks, and it places an order."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from knox.models import AuthToken

from orders.lifecycle import Status
from orders.models import Order
from orders.wire.offers import OFFER
from tests.factories import OrderFactory, UserFactory, advance
from tests.orders.http_line import http_line

pytest.importorskip("openapi_python_client", reason="openapi-python-client is not installed")

# What somebody writes with the client: mypy must know `quotes` of a building event, and no other status'.
_SCRIPT: Final = """
import json, sys
from uuid import UUID
from engine_client import AuthenticatedClient
from engine_client.api.orders import execute_order, get_order
from engine_client.models import BuildingEvent, Order, OrderDetail, OrderRequest

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])
request = OrderRequest(token_in="SOL", token_out="USDC", amount_in="1.5", client_order_id="typed")
placed = execute_order.sync(client=client, body=request)
assert isinstance(placed, Order), placed
again = get_order.sync(UUID(sys.argv[3]), client=client)
assert isinstance(again, OrderDetail), again
offers: list[str] = []
for event in again.events:
    if isinstance(event, BuildingEvent):
        offers += [quote.amount_out for quote in event.quotes]
statuses = [event.status for event in again.events]
print(json.dumps([placed.status.value, placed.amount_in_raw, statuses, offers]))
"""
_WRONG: Final = """
from engine_client.models import PendingEvent
def look(event: PendingEvent) -> object:
    return event.quotes
"""


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, *command), cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    """A folder with the generated package `engine_client`."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    (tmp_path / "schema.json").write_bytes(OpenApiJsonRenderer().render(schema))
    (tmp_path / "config.yml").write_text("package_name_override: engine_client\npost_hooks: []\n")
    made = run(
        tmp_path,
        *("-m", "openapi_python_client", "generate", "--meta", "none", "--path", "schema.json"),
        *("--config", "config.yml", "--output-path", "engine_client", "--fail-on-warning"),
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return tmp_path


@pytest.mark.django_db(transaction=True)
def test_a_generated_client_type_checks_and_places_an_order(generated: Path) -> None:
    user = UserFactory()
    _row, token = AuthToken.objects.create(user)
    quote = OFFER.example(amountOut="822.2")
    built = advance(OrderFactory(user=user), Status.ROUTING, Status.BUILDING, **quote, quotes=[quote])
    (generated / "script.py").write_text(_SCRIPT)
    (generated / "wrong.py").write_text(_WRONG)

    checked = run(generated, "-m", "mypy", "--strict", "--follow-imports", "silent", "script.py", "wrong.py")
    wrong, summary = checked.stdout.splitlines()
    assert wrong.startswith("wrong.py:4: error:")
    assert '"PendingEvent" has no attribute "quotes"' in wrong
    assert summary == "Found 1 error in 1 file (checked 2 source files)"

    with http_line(generated) as line:
        said = run(generated, "script.py", line.url, token, str(built.pk))

    assert said.returncode == 0, said.stderr
    status, amount, statuses, offers = json.loads(said.stdout)
    assert (status, amount) == ("pending", "1500000000")
    assert (statuses, offers) == (["pending", "routing", "building"], ["822.2"])
    assert Order.objects.filter(user=user, client_order_id="typed").count() == 1
