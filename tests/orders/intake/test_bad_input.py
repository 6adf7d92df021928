"""What is refused in an order request: the status, the code, and the one error shape."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from orders.models import Order
from tests.factories import SOL, USDC
from tests.orders.rest import FIVE_SOL, place, refused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_is_written() -> Any:
    yield
    assert not Order.objects.filter(client_order_id__isnull=True, user__username="local").exists()


@pytest.mark.parametrize(
    "amount",
    [
        *(
            "0",
            "-1",
            "",
            " ",
            "abc",
            "1e3",
            "+1",
            "1,5",
            "0x10",
            "\u0661",
            "1.5.0",
            "NaN",
            "Infinity",
            "-Infinity",
        ),
        *("9" * 49, "1.0000000001", "9223372036.854775808"),
        *(0, -1, 0.0, -0.5, 1e-10, 1e300, 10**30, True, False, [], {}, ["1"]),
    ],
)
def test_an_amount_that_is_not_a_positive_amount_of_the_mint(client: Client, amount: object) -> None:
    refused(place(client, FIVE_SOL | {"amountIn": amount}), 400, "INVALID_AMOUNT")


@pytest.mark.parametrize("number", ["1e999999999", "-1e-999999999", "1e-400", "0." + "0" * 90 + "1"])
def test_a_number_that_would_be_costly_to_expand(client: Client, number: str) -> None:
    body = f'{{"tokenIn":"SOL","tokenOut":"USDC","amountIn":{number}}}'
    refused(place(client, body), 400, "INVALID_AMOUNT")


@pytest.mark.parametrize("raw", ["0", "-1", "1.5", "1e3", "", "abc", 0, -1, 1.5, 2**63, str(2**63), True, []])
def test_a_raw_amount_that_is_no_positive_64_bit_integer(client: Client, raw: object) -> None:
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amountInRaw": raw}
    refused(place(client, body), 400, "INVALID_AMOUNT")


def test_an_amount_that_is_missing(client: Client) -> None:
    refused(place(client, {"tokenIn": "SOL", "tokenOut": "USDC"}), 400, "INVALID_REQUEST", "amountIn")


@pytest.mark.parametrize("pair", [("amount", "amountIn"), ("amountIn", "amountInRaw")])
def test_two_amounts(client: Client, pair: tuple[str, str]) -> None:
    body = {"tokenIn": "SOL", "tokenOut": "USDC"} | dict.fromkeys(pair, "5")
    refused(place(client, body), 400, "INVALID_REQUEST", pair[1])


@pytest.mark.parametrize("token", ["XYZ", "So1111", USDC.lower(), "SOL ", "\uff33\uff2f\uff2c", USDC + "1"])
@pytest.mark.parametrize("side", ["tokenIn", "tokenOut"])
def test_a_token_that_is_not_in_the_list(client: Client, side: str, token: str) -> None:
    refused(place(client, FIVE_SOL | {side: token}), 400, "UNKNOWN_TOKEN")


@pytest.mark.parametrize("token", ["", 5, True, [], {}, "x" * 65, "SO\u0000L", "\ud800"])
@pytest.mark.parametrize("side", ["tokenIn", "tokenOut"])
def test_a_token_that_is_no_name(client: Client, side: str, token: object) -> None:
    refused(place(client, FIVE_SOL | {side: token}), 400, "INVALID_REQUEST", side)


@pytest.mark.parametrize("other", ["SOL", "sol", SOL])
def test_a_token_for_itself(client: Client, other: str) -> None:
    refused(place(client, FIVE_SOL | {"tokenOut": other}), 400, "SAME_TOKEN")


@pytest.mark.parametrize("kind", ["", "stopp", "market ", "\uff2d\uff21\uff32\uff2b\uff25\uff34"])
def test_a_type_that_does_not_exist(client: Client, kind: str) -> None:
    refused(place(client, FIVE_SOL | {"type": kind}), 400, "INVALID_REQUEST", "type")


@pytest.mark.parametrize("kind", [5, True, [], {}, "x" * 65])
def test_a_type_that_is_no_word(client: Client, kind: object) -> None:
    refused(place(client, FIVE_SOL | {"type": kind}), 400, "INVALID_REQUEST", "type")


@pytest.mark.parametrize("slippage", ["50", 0.5, 50.0, True, [], -1, 5001, 10**30])
def test_a_slippage_that_is_no_allowed_number_of_basis_points(client: Client, slippage: object) -> None:
    refused(place(client, FIVE_SOL | {"slippageBps": slippage}), 400, "INVALID_REQUEST", "slippageBps")


@pytest.mark.parametrize(
    "moment",
    [
        "",
        "tomorrow",
        "2030-01-01",
        "2030-01-01T00:00:00",
        "2030-13-01T00:00:00Z",
        1893456000,
        True,
        [],
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "2020-01-01T00:00:00Z",
    ],
)
def test_an_expiry_that_is_no_moment_ahead(client: Client, moment: object) -> None:
    refused(place(client, FIVE_SOL | {"expiresAt": moment}), 400, "INVALID_REQUEST", "expiresAt")


@pytest.mark.parametrize("price", ["0", "-1", "abc", True, [], 1e300])
def test_a_limit_price_that_is_no_price(client: Client, price: object) -> None:
    refused(place(client, FIVE_SOL | {"limitPrice": price}), 400, "INVALID_REQUEST", "limitPrice")


@pytest.mark.parametrize("field", ["minAmountOut", "minAmountOutRaw"])
@pytest.mark.parametrize("least", ["0", "-1", "abc", True, [], "1e3", 2**63])
def test_a_floor_that_is_no_amount(client: Client, field: str, least: object) -> None:
    if field == "minAmountOut" or least != "1e3":
        refused(place(client, FIVE_SOL | {field: least}), 400, "INVALID_AMOUNT", field)


def test_a_floor_of_more_decimals_than_the_token_has(client: Client) -> None:
    refused(place(client, FIVE_SOL | {"minAmountOut": "1.0000001"}), 400, "INVALID_AMOUNT", "minAmountOut")


def test_no_sniper_order_where_no_new_pools_are_looked_for(client: Client, settings: Any) -> None:
    settings.LAUNCHES = "off"
    wanted = FIVE_SOL | {"type": "sniper"}
    refused(place(client, wanted), 400, "UNSUPPORTED_ORDER_TYPE", "accepted", "type")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"type": "market", "launch": {}}, "launch"),
        ({"type": "limit", "limitPrice": "180", "exit": {"afterSeconds": 5}}, "exit"),
        ({"type": "sniper", "maxOrders": 3}, "maxOrders"),
        ({"type": "sniper", "tokenOut": "any"}, "maxOrders"),
        ({"type": "sniper", "tokenOut": "any", "maxOrders": 3, "limitPrice": "5"}, "limitPrice"),
        ({"type": "sniper", "tokenOut": "any", "maxOrders": 3, "minAmountOutRaw": "5"}, "minAmountOutRaw"),
        ({"type": "sniper", "tokenOut": "any", "maxOrders": 0}, "maxOrders"),
        ({"type": "sniper", "exit": {}}, "exit"),
        ({"type": "sniper", "exit": {"takeProfit": {}}}, "exit"),
        ({"type": "sniper", "exit": {"takeProfit": {"gainBps": 10, "limitPrice": "3"}}}, "exit"),
        ({"type": "sniper", "exit": {"stopLoss": {"lossBps": 10_001}}}, "exit"),
        ({"type": "sniper", "exit": {"stopLoss": {"lossBps": 5, "slippageBps": 9_999}}}, "exit"),
        ({"type": "sniper", "exit": {"sell": 1}}, "exit"),
        ({"type": "sniper", "launch": {"require": ["lpburnt"]}}, "launch"),
        ({"type": "sniper", "launch": {"minLiquidity": "1.0000000001"}}, "launch"),
        ({"type": "sniper", "launch": {"maxFeeBps": 1.5}}, "launch"),
        ({"type": "sniper", "launch": {"openWithinSeconds": 0}}, "launch"),
        ({"type": "sniper", "launch": []}, "launch"),
        ({"type": "sniper", "triggerPrice": "5"}, "triggerPrice"),
        ({"type": "sniper", "orderClass": "oco"}, "orderClass"),
    ],
)
def test_fields_that_do_not_go_with_a_sniper_order(client: Client, fields: dict[str, Any], name: str) -> None:
    answer = place(client, FIVE_SOL | fields)
    assert answer.status_code == 400
    assert name in answer.json()["details"]


@pytest.mark.parametrize("key", ["", 5, True, [], "x" * 256, "a\nb", "a\u0000b", "\ud800"])
def test_a_client_order_id_that_is_no_key(client: Client, key: object) -> None:
    refused(place(client, FIVE_SOL | {"clientOrderId": key}), 400, "INVALID_REQUEST", "clientOrderId")


@pytest.mark.parametrize("key", ["", "x" * 256, "\x80"])
def test_an_idempotency_key_that_is_none(client: Client, key: str) -> None:
    answer = place(client, FIVE_SOL, **{"Idempotency-Key": key})
    refused(answer, 400, "INVALID_REQUEST", "idempotencyKey")


def test_two_keys_that_differ(client: Client) -> None:
    answer = place(client, FIVE_SOL | {"clientOrderId": "a"}, **{"Idempotency-Key": "b"})
    refused(answer, 400, "INVALID_REQUEST", "clientOrderId")


def test_fields_that_do_not_exist_are_named_without_echoing_control_characters(client: Client) -> None:
    body = refused(place(client, FIVE_SOL | {"slippage": 1, "\ud800": 1}), 400, "INVALID_REQUEST")
    assert body["details"] == {"slippage": "unknown field", "\\ud800": "unknown field"}


def test_all_wrong_fields_are_named_at_once(client: Client) -> None:
    answer = place(client, {"tokenIn": 5, "type": 5, "amountIn": "x"})
    refused(answer, 400, "INVALID_REQUEST", "tokenIn", "tokenOut", "type")
