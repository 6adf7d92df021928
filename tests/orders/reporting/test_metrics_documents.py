"""Dashboard, alert rules and documents name metrics that /metrics exports."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[3]
DASHBOARD = ROOT / "docs/grafana/dashboard.json"
ALERTS = ROOT / "docs/prometheus/alerts.yml"
_NAME = re.compile(r"\borders_[a-z_]+")


def exported(client: Client) -> dict[str, str]:
    """The type of each family by its name, as in the text."""
    text = client.get("/metrics").content.decode()
    return {family.name: family.type for family in text_string_to_metric_families(text)}


def sample_names(families: dict[str, str]) -> set[str]:
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    return {name + end for name, kind in families.items() for end in endings.get(kind, ("",))}


def queries() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


@pytest.mark.django_db
def test_every_metric_of_the_dashboard_and_the_alerts_is_exported(client: Client) -> None:
    names = {name for text in [*queries(), ALERTS.read_text()] for name in _NAME.findall(text)}
    # Workers are counted in Redis, where this test has none yet: the family is there all the same.
    assert names - sample_names(exported(client)) == set()
    assert len(names) >= 15


@pytest.mark.django_db
def test_the_metrics_that_are_documented_are_those_that_are_exported(client: Client) -> None:
    page = (ROOT / "docs/monitoring.md").read_text()
    section = page.partition("\n| metric | type | counts |\n")[2].partition("\n\n")[0]
    listed = dict(re.findall(r"^\| `(orders_[a-z_]+)(?:\{[^}]*\})?` \| (\w+) \|", section, re.MULTILINE))
    families = exported(client)
    named = {name + ("_total" if kind == "counter" else ""): kind for name, kind in families.items()}
    assert listed == named


def test_the_panels_have_places_of_their_own() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    places = {(each["gridPos"]["x"], each["gridPos"]["y"]) for each in panels}
    assert len(places) == len(panels) == len({each["id"] for each in panels})
    assert all(each["gridPos"]["x"] + each["gridPos"]["w"] <= 24 for each in panels)
