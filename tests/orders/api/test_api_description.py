"""The OpenAPI description: every call with examples that are true, every code where it can be answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from drf_spectacular.generators import SchemaGenerator

from orders.api import examples
from orders.wire.errors import known_codes
from orders.wire.orders import order_as_wire
from tests.factories import AttemptFactory, OrderFactory

SCHEMA: Any = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
OPERATIONS = {
    operation["operationId"]: operation for path in SCHEMA["paths"].values() for operation in path.values()
}
# Other methods of a path belong to no operation; actions exist over WebSocket only.
NOT_OF_AN_OPERATION = {"METHOD_NOT_ALLOWED", "UNKNOWN_ACTION"}


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each body that goes over the wire: "request" or the status, and its description."""
    if "requestBody" in operation:
        yield "request", operation["requestBody"]["content"]["application/json"]
    for status, answer in operation["responses"].items():
        yield status, answer["content"]["application/json"]


def as_json_schema(shape: Any) -> Any:
    """OpenAPI 3.0 spells "or null" in a way of its own."""
    if isinstance(shape, list):
        return [as_json_schema(each) for each in shape]
    if not isinstance(shape, dict):
        return shape
    plain = {name: as_json_schema(each) for name, each in shape.items() if name != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if shape.get("nullable") is True else plain


def validator(shape: dict[str, Any]) -> jsonschema.Draft7Validator:
    whole = {**as_json_schema(shape), "components": as_json_schema(SCHEMA["components"])}
    return jsonschema.Draft7Validator(whole, format_checker=jsonschema.FormatChecker())


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_body_of_a_call_has_examples_that_fit_its_shape(name: str) -> None:
    for status, body in bodies(OPERATIONS[name]):
        assert body["examples"], status
        for example in body["examples"].values():
            validator(body["schema"]).validate(example["value"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_required_parameter_of_a_call_has_an_example_that_fits(name: str) -> None:
    for parameter in OPERATIONS[name].get("parameters", ()):
        assert "examples" in parameter or not parameter.get("required"), parameter["name"]
        for example in parameter.get("examples", {}).values():
            validator(parameter["schema"]).validate(example["value"])


def refusals(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The refusals of a call by their code, each with the status under which it stands."""
    return {
        example["value"]["code"]: {**example["value"], "status": int(status)}
        for status, body in bodies(operation)
        if body["schema"] == {"$ref": "#/components/schemas/Error"}
        for example in body["examples"].values()
    }


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_refusal_of_a_call_stands_under_its_own_status_and_code(name: str) -> None:
    known = {refusal.code: refusal for refusal in examples.REFUSALS}
    for code, shown in refusals(OPERATIONS[name]).items():
        assert {**known[code].as_wire(), "status": known[code].http_status} == shown


def test_every_code_can_be_met_at_some_call() -> None:
    described = {code for operation in OPERATIONS.values() for code in refusals(operation)}
    assert described == set(known_codes()) - NOT_OF_AN_OPERATION


def test_the_codes_of_accepting_an_order() -> None:
    assert sorted(refusals(OPERATIONS["executeOrder"])) == [
        *("DATABASE_UNAVAILABLE", "FORBIDDEN", "IDEMPOTENCY_MISMATCH", "INTERNAL", "INVALID_AMOUNT"),
        *(
            "INVALID_REQUEST",
            "MALFORMED_BODY",
            "NOT_ACCEPTABLE",
            "ORDER_TOO_LARGE",
            "PAYLOAD_TOO_LARGE",
            "SAME_TOKEN",
        ),
        *("TOO_MANY_REQUESTS", "TRADING_HALTED", "UNAUTHENTICATED", "UNKNOWN_TOKEN"),
        *("UNSUPPORTED_MEDIA_TYPE", "UNSUPPORTED_ORDER_TYPE"),
    ]


@pytest.mark.django_db
def test_the_examples_have_the_fields_of_a_real_order_and_no_other() -> None:
    order = AttemptFactory().order
    detail = order_as_wire(order, attempts=order.attempts.all(), events=order.events.all())

    assert examples.ACCEPTED.keys() == order_as_wire(OrderFactory()).keys()
    assert examples.DETAIL.keys() == detail.keys()
    assert examples.DETAIL["attempts"][0].keys() == detail["attempts"][0].keys()
    assert examples.DETAIL["events"][0].keys() == detail["events"][0].keys()


def test_an_accepted_order_leads_to_the_calls_that_take_its_id() -> None:
    accepted = OPERATIONS["executeOrder"]["responses"]["201"]
    assert {each["operationId"] for each in accepted["links"].values()} == {
        *("getOrder", "listOrderEvents", "cancelOrder"),
    }
