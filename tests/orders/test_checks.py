"""The system checks that keep an open endpoint inside the machine."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from orders.checks import (
    debug_is_for_development,
    local_user_stays_local,
    new_pools_can_be_looked_for,
    prices_can_be_sampled,
    slippage_limits_make_sense,
    the_priority_fee_can_be_read,
    the_secret_key_cannot_be_guessed,
    traces_can_be_given,
)


@pytest.mark.parametrize(("debug", "host"), [(False, "127.0.0.1"), (True, "0.0.0.0")])
def test_the_local_user_may_not_leave_the_machine(settings: Any, debug: bool, host: str) -> None:
    settings.LOCAL_USER_ALLOWED, settings.DEBUG, settings.HOST = True, debug, host
    assert [message.id for message in local_user_stays_local()] == ["orders.E001"]
    settings.LOCAL_USER_ALLOWED = False
    assert local_user_stays_local() == []


@pytest.mark.parametrize(("default", "most"), [(-1, 50), (60, 50), (50, 10_001)])
def test_slippage_limits_must_fit(settings: Any, default: int, most: int) -> None:
    settings.DEFAULT_SLIPPAGE_BPS, settings.MAX_SLIPPAGE_BPS = default, most
    assert [message.id for message in slippage_limits_make_sense()] == ["orders.E002"]


@pytest.mark.parametrize(("most", "ids"), [(-1, ["orders.E009"]), (10_000, []), (10_001, ["orders.E009"])])
def test_no_price_impact_is_beyond_all_of_the_price(settings: Any, most: int, ids: list[str]) -> None:
    settings.MAX_PRICE_IMPACT_BPS = most
    assert [message.id for message in slippage_limits_make_sense()] == ids


@pytest.mark.parametrize(
    ("key", "debug", "ids"),
    [
        ("0123456789" * 4 + "012345678", False, ["orders.E010"]),
        ("0123456789" * 5, False, []),
        ("a" * 80, False, ["orders.E010"]),
        ("short", True, []),
    ],
)
def test_a_secret_key_on_a_network_is_long(settings: Any, key: str, debug: bool, ids: list[str]) -> None:
    settings.SECRET_KEY, settings.DEBUG = key, debug
    assert [message.id for message in the_secret_key_cannot_be_guessed()] == ids


@pytest.mark.parametrize(
    "changes",
    [
        {"PRIORITY_FEE_CAP": 10**13},
        {"PRIORITY_FEE_CAP": 50_000_001},
        {"PRIORITY_FEE": "50000001", "PRIORITY_FEE_CAP": 50_000_001},
        {"MAX_PRIORITY_FEE_LAMPORTS": -1},
        {"MAX_PRIORITY_FEE_LAMPORTS": 1_000_000_001},
        {"MAX_TIP_LAMPORTS": 1_000_000_001},
        {"MAX_ORDER_FEE_LAMPORTS": 9_999_999},
        {"LOOKUP_TABLES": ["not-an-address"]},
    ],
)
def test_fees_beyond_a_ceiling_in_lamports_are_refused(settings: Any, changes: dict[str, Any]) -> None:
    assert the_priority_fee_can_be_read() == []
    for name, value in changes.items():
        setattr(settings, name, value)
    assert [message.id for message in the_priority_fee_can_be_read()] == ["orders.E030"]


def test_a_start_with_an_open_door_is_refused(settings: Any) -> None:
    settings.LOCAL_USER_ALLOWED, settings.HOST = True, "0.0.0.0"
    with pytest.raises(SystemCheckError, match=r"orders\.E001"):
        call_command("check")


def test_traces_go_to_an_http_address_in_one_protocol(settings: Any) -> None:
    settings.OTEL_EXPORTER_OTLP_PROTOCOL = "grpc"
    assert traces_can_be_given() == []
    settings.TRACING, settings.OTEL_EXPORTER_OTLP_ENDPOINT = True, "collector:4317"
    texts = [message.msg for message in traces_can_be_given()]
    assert texts[0] == "OTEL_EXPORTER_OTLP_ENDPOINT begins with http:// or https://."
    assert texts[-1] == "OTEL_EXPORTER_OTLP_PROTOCOL is http/protobuf, no other is spoken here."
    assert {message.id for message in traces_can_be_given()} == {"orders.E040"}


def test_debug_is_refused_where_others_can_reach_it_or_money_is_real(settings: Any) -> None:
    settings.DEBUG, settings.HOST, settings.SOLANA_NETWORK = True, "0.0.0.0", "devnet"
    assert [message.id for message in debug_is_for_development()] == ["orders.E008", "orders.E009"]
    settings.HOST, settings.SOLANA_NETWORK = "127.0.0.1", "localnet"
    assert debug_is_for_development() == []


@pytest.mark.parametrize(
    ("name", "value", "ids"),
    [
        ("LAUNCHES", "some", ["orders.E035"]),
        ("LAUNCHES", "off", []),
        ("LAUNCH_POLL_SECONDS", 0, ["orders.E036"]),
        ("LAUNCH_KEEP_HOURS", 0, ["orders.E036"]),
    ],
)
def test_what_new_pools_are_looked_for_is_known(
    settings: Any, name: str, value: object, ids: list[str]
) -> None:
    setattr(settings, name, value)
    assert [message.id for message in new_pools_can_be_looked_for()] == ids


@pytest.mark.parametrize(("value", "ids"), [("some", ["orders.E038"]), ("traded", []), ("off", [])])
def test_whose_prices_are_sampled_is_known(settings: Any, value: str, ids: list[str]) -> None:
    settings.PRICE_SAMPLES = value
    assert [message.id for message in prices_can_be_sampled()] == ids
