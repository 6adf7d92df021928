"""The documents say what the code says: tables, diagrams, names and links of the Markdown files."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands
from django.test import Client
from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from dex.config import GENESIS_HASHES, TOKENS
from orders import errors
from orders.api.postman import LEFT_OUT
from orders.lifecycle import RETRY_DELAYS_SECONDS, TERMINAL_REASONS, FailureReason, Status
from orders.management.commands.api_documents import collection_text, documents
from orders.management.commands.lifecycle_diagram import lifecycle_diagram
from orders.streaming import close_codes
from orders.streaming.consumers import BareConnection, Connection
from orders.streaming.stream import MESSAGES_PER_SECOND
from orders.streaming.urls import unknown_address, websocket_urlpatterns
from orders.wire.request_parsing import parse_order

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
README_LINES = 200
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "dex").rglob("*.md")])
# What users read: the README, and the pages that it leads to.
PAGES = [README, *(file.read_text() for file in sorted((ROOT / "docs").glob("*.md")))]


def table(heading: str) -> list[list[str]]:
    """The cells of the first table whose heading row begins with ``heading``; one page has it."""
    [page] = [page for page in PAGES if f"\n| {heading} |" in page]
    rows = page.partition(f"\n| {heading} |")[2].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def page(name: str) -> str:
    """A page of `docs/`."""
    return (ROOT / "docs" / f"{name}.md").read_text()


def names(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def error_kinds(kind: type[errors.OrderError] = errors.OrderError) -> Iterator[type[errors.OrderError]]:
    for each in kind.__subclasses__():
        yield each
        yield from error_kinds(each)


def api_schema() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


def test_the_diagram_of_an_orders_life_is_the_generated_one() -> None:
    assert f"```mermaid\n{lifecycle_diagram()}\n```\n" in page("architecture")


def test_the_diagram_has_every_step_and_no_other() -> None:
    steps = [line.split(" --> ") for line in lifecycle_diagram().splitlines()[1:]]

    assert ["routing", "routing"] in [[source.strip(), target] for source, target in steps]
    assert ["cancelled", "routing"] not in [[source.strip(), target] for source, target in steps]
    assert len(steps) == 34


def test_every_status_is_explained() -> None:
    assert [names(row[0]) for row in table("status | means")] == [[status.value] for status in Status]


def test_every_error_code_is_listed_as_it_is_answered() -> None:
    listed = {names(row[0])[0]: row[1:] for row in table("code | HTTP | retryable | message")}

    assert listed == {
        kind.code: [str(kind.http_status), "yes" if kind.retryable else "no", kind.default_message]
        for kind in error_kinds()
    }


def test_every_failure_reason_is_listed_with_what_follows() -> None:
    listed = {names(row[0])[0]: row[1:] for row in table("reason | fails | means")}

    assert listed == {
        reason.value: ["at once" if reason in TERMINAL_REASONS else "after retries", str(reason.label)]
        for reason in FailureReason
    }
    assert RETRY_DELAYS_SECONDS == (1, 2, 4)
    told = [text.count("1, 2 and 4 s") for text in (README, page("architecture"), page("errors"))]
    assert told == [1, 1, 1]


def test_every_rest_call_is_listed() -> None:
    listed = {(row[0], names(row[1])[0]) for row in table("method | path | does")}

    assert listed == {
        (method.upper(), path) for path, methods in api_schema()["paths"].items() for method in methods
    }


def test_the_api_description_is_valid() -> None:
    validate_schema(api_schema())  # type: ignore[no-untyped-call]


def test_every_websocket_address_is_listed_and_leads_to_a_door() -> None:
    patterns = [each.pattern for each in websocket_urlpatterns if each.callback is not unknown_address]
    listed = [names(row[0])[0].partition("?")[0] for row in table("address | does")]
    used = set()
    for address in listed:
        fitting = [pattern for pattern in patterns if pattern.match(address.removeprefix("/"))]
        assert len(fitting) == 1, address
        used.add(fitting[0])

    assert used == set(patterns)


def test_an_object_without_an_action_is_an_order_at_one_address() -> None:
    assert (Connection.default_action, BareConnection.default_action) == (None, "execute_order")


def test_the_close_codes_are_listed() -> None:
    codes = {value for name, value in vars(close_codes).items() if name.startswith("CLOSE_")}
    rows = dict(table("close code | means"))
    listed = [int(code) for row in rows for code in re.findall(r"\d{4}", row)]

    # The last three are the protocol's own.
    assert set(listed) == codes | {1002, 1007, 1009}
    assert rows[str(close_codes.CLOSE_FLOOD)] == f"more than {MESSAGES_PER_SECOND} messages per second"


def test_every_setting_is_listed() -> None:
    example = (ROOT / ".env.example").read_text()
    listed = [name for row in table("name | default | means") for name in names(row[0])]

    assert listed == list(dict.fromkeys(listed))
    assert set(listed) == set(re.findall(r"^# ([A-Z][A-Z_]+)=", example, re.MULTILINE))


def test_the_settings_that_the_readme_picks_out_are_settings() -> None:
    listed = {name for row in table("name | default | means") for name in names(row[0])}
    picked = {name.partition("=")[0] for row in table("set | for") for name in names(row[0])}

    assert "DATABASE_URL" in picked
    assert picked <= listed


def test_the_listed_defaults_of_numbers_are_the_real_ones() -> None:
    source = (ROOT / "orderengine/settings.py").read_text()
    defaults = dict(re.findall(r'env\.int\("([A-Z_]+)", default=([\d_]+)\)', source))
    listed = {name: names(row[1]) for row in table("name | default | means") for name in names(row[0])}

    for name, value in defaults.items():
        if name != "REDIS_PORT":
            assert listed[name] == [value.replace("_", "")], name


def test_the_tokens_that_orders_may_name_are_listed() -> None:
    assert f"`{' '.join(token.symbol for token in TOKENS)}" in page("api")


def test_the_genesis_hashes_of_the_public_networks_are_listed() -> None:
    rows = table("genesis hash of | is")
    assert {names(network)[0]: names(value)[0] for network, value in rows} == dict(GENESIS_HASHES)


def test_every_file_of_fault_tests_has_its_place_in_the_table_of_promises() -> None:
    # Faults that need no running engine have their tests elsewhere.
    listed = {name for row in table("fault | outcome | test") for name in names(row[2])}
    cases = {
        f"tests/faults/{file.name}"
        for file in (ROOT / "tests/faults").glob("test_*.py")
        if "pytest.mark.faults" in file.read_text()
    }

    assert cases <= listed
    assert [name for name in listed if not (ROOT / name).is_file()] == []


def test_generated_files_and_tables_are_the_generated_ones() -> None:
    stale = [str(file.relative_to(ROOT)) for file, text in documents() if file.read_text() != text]
    assert stale == [], "manage.py api_documents writes them"


@pytest.mark.django_db
def test_the_order_of_the_postman_collection_is_accepted(client: Client) -> None:
    body = re.search(r'"raw": ("\{.*?\}")', collection_text())
    assert body is not None
    order = tomllib.loads(f"body = {body[1]}")["body"]

    answer = client.post("/api/orders/execute", order, content_type="application/json")

    assert answer.status_code == 201


def test_every_path_of_the_postman_collection_is_served() -> None:
    paths = re.findall(r'"raw": "\{\{baseUrl\}\}([^"]+)"', collection_text())

    assert len(paths) + len(LEFT_OUT) == len(table("method | path | does"))
    for path in paths:
        assert resolve(path.replace(":order_id", "some-id")).url_name, path


def test_the_orders_of_the_examples_are_understood() -> None:
    texts = re.findall(r"""\{(?=")[^{}…]*"tokenIn"[^{}…]*\}""", README)

    assert len(texts) == 3
    for text in texts:
        order = json.loads(text)
        assert order.pop("action", "execute_order") == "execute_order"
        assert parse_order(order).amount in (1, 5, 100)


def test_the_readme_stays_short() -> None:
    assert len(README.splitlines()) <= README_LINES


def test_every_page_and_every_decision_is_linked_from_the_index() -> None:
    index = page("README")
    for file in (ROOT / "docs").rglob("*.md"):
        assert file.name == "README.md" or f"({file.relative_to(ROOT / 'docs')})" in index


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", document.read_text()):
        if target.startswith("http"):
            continue
        name, _, anchor = target.partition("#")
        file = document.parent / name if name else document
        assert file.exists(), target
        assert not anchor or anchor in anchors_of(file), target


def anchors_of(file: Path) -> set[str]:
    """Of all headings of a page."""
    return {anchor_of(line) for line in re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)}


def anchor_of(heading: str) -> str:
    """As GitHub makes it: lower case, blanks to hyphens, punctuation dropped."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_and_files_that_are_named_exist(document: Path) -> None:
    text = document.read_text()
    commands = get_commands()
    for command in re.findall(r"(?:manage\.py|script/manage) ([a-z_]+)", text):
        assert command in commands, command
    for file in re.findall(r"`((?:tests|orders|dex|orderengine|script|docs)/[\w./-]+)`", text):
        assert (ROOT / file).exists(), file


def test_the_changelog_begins_with_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    first = re.search(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert first is not None
    assert first[1] == project["version"]
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")
    assert project["license"] == "MIT"


def test_decisions_are_numbered_without_a_gap_and_half_a_page_long() -> None:
    decisions = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))

    assert [file.name[:4] for file in decisions] == [f"{n:04}" for n in range(1, len(decisions) + 1)]
    for file in decisions:
        assert len(file.read_text().splitlines()) <= 45, file.name
