"""What the demo of launches takes for right, and for wrong."""

from __future__ import annotations

from typing import Any

import pytest

from orders.proving.demo.launch_cases import CASES, fault_of, has_ended

BY_NAME = {case.name: case for case in CASES}


def entry(status: str, waiting_for: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {
        "status": status,
        "groupRole": "entry",
        "sniping": {"waitingFor": waiting_for},
        "error": {"code": code} if code else None,
    }


def leaving(status: str) -> dict[str, Any]:
    return {"status": status, "groupRole": "stop_loss"}


@pytest.mark.parametrize(
    ("name", "orders", "waited_for", "fault"),
    [
        ("opens later", [entry("confirmed")], ["NOT_OPEN"], ""),
        ("opens later", [entry("confirmed")], [], "it did not wait for NOT_OPEN"),
        ("opens later", [entry("failed", code="NO_ROUTE")], [], "it did not buy: failed NO_ROUTE"),
        ("opens later", [entry("open", "NO_POOL")], ["NO_POOL"], "it did not buy: open"),
        ("can be frozen", [entry("open", "FREEZE_AUTHORITY")], ["FREEZE_AUTHORITY"], ""),
        ("can be frozen", [entry("open", "NOT_OPEN")], ["NOT_OPEN"], "it did not say FREEZE_AUTHORITY"),
        ("can be frozen", [entry("confirmed")], ["FREEZE_AUTHORITY"], "it bought"),
        ("out again", [entry("confirmed"), leaving("confirmed")], [], ""),
        ("out again", [entry("confirmed"), leaving("open")], [], "0 exits were filled instead of one"),
    ],
)
def test_a_case_is_judged_by_its_orders(
    name: str, orders: list[dict[str, Any]], waited_for: list[str], fault: str
) -> None:
    assert fault_of(BY_NAME[name], orders, waited_for) == fault


@pytest.mark.parametrize(
    ("name", "orders", "is_sprung", "ended"),
    [
        ("opens later", [entry("open", "NOT_OPEN")], True, False),
        ("opens later", [entry("confirmed")], True, True),
        ("opens later", [entry("failed")], True, True),
        ("can be frozen", [entry("open", "FREEZE_AUTHORITY")], False, False),
        ("can be frozen", [entry("open", "FREEZE_AUTHORITY")], True, True),
        ("out again", [entry("confirmed"), leaving("open")], True, False),
        ("out again", [entry("confirmed"), leaving("confirmed")], True, True),
    ],
)
def test_a_case_ends_when_all_of_it_has_happened(
    name: str, orders: list[dict[str, Any]], *, is_sprung: bool, ended: bool
) -> None:
    assert has_ended(BY_NAME[name], orders, is_sprung=is_sprung) == ended


def test_each_order_names_its_mint_and_rules() -> None:
    body = BY_NAME["out again"].request("MINT", "key")
    assert (body["type"], body["tokenOut"], body["clientOrderId"]) == ("sniper", "MINT", "key")
    assert body["exit"] == {"takeProfit": {"gainBps": 100_000}, "afterSeconds": 10}
    assert "launch" not in body
