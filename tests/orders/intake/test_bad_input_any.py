"""Whatever is sent is either understood exactly or refused with a code of the table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.errors import InvalidRequest, MalformedBody, OrderError
from orders.streaming import frames
from orders.wire.json import read_json
from orders.wire.request_parsing import parse_order

pytestmark = pytest.mark.django_db


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FIELDS = ("tokenIn", "tokenOut", "amount", "amountIn", "amountInRaw", "type", "slippageBps", "limitPrice")


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from((*FIELDS, "expiresAt", "clientOrderId")) | st.text(), JSON_VALUES))
def test_any_object_is_either_understood_or_refused(payload: dict[str, Any]) -> None:
    try:
        parse_order(read_json(json.dumps(payload)))
    except OrderError as error:
        json.dumps(error.as_wire()).encode()
        assert error.http_status == 400


@pytest.mark.parametrize("name", ["message", "self", "details"])
def test_any_name_may_be_refused_as_unknown(name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_order({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", name: None})
    assert refused.value.as_wire()["details"] == {name: "unknown field"}


@settings(max_examples=200, deadline=None)
@given(st.text() | st.binary())
def test_any_text_is_either_json_or_refused(body: str | bytes) -> None:
    try:
        read_json(body)
    except MalformedBody as error:
        assert error.http_status == 400


def test_the_socket_reads_frames_by_the_same_rules() -> None:
    with pytest.raises(MalformedBody):
        frames.read_frame('{"amountIn":NaN}')
