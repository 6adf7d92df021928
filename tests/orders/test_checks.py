"""The system checks that keep an open door inside the machine."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from orders.checks import local_user_stays_local, slippage_limits_make_sense, traces_can_be_given


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
