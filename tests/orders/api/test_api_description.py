"""The OpenAPI description: every call with examples that are true, every code where it can be answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from drf_spectacular.generators import SchemaGenerator

from orders.wire.errors import error_kinds, known_codes, shown

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


def validator(shape: dict[str, Any]) -> jsonschema.Draft202012Validator:
    whole = {**shape, "components": SCHEMA["components"]}
    return jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())


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
    known = {kind.code: kind for kind in error_kinds()}
    for code, told in refusals(OPERATIONS[name]).items():
        assert {**shown(known[code]).as_wire(), "status": known[code].http_status} == told


def test_every_code_can_be_met_at_some_call() -> None:
    described = {code for operation in OPERATIONS.values() for code in refusals(operation)}
    assert described == set(known_codes()) - NOT_OF_AN_OPERATION


def test_the_codes_of_accepting_an_order() -> None:
    assert sorted(refusals(OPERATIONS["executeOrder"])) == [
        *("CHAIN_UNAVAILABLE", "DATABASE_UNAVAILABLE", "FORBIDDEN"),
        *("IDEMPOTENCY_MISMATCH", "INTERNAL", "INVALID_AMOUNT"),
        *(
            "INVALID_REQUEST",
            "MALFORMED_BODY",
            "NOT_ACCEPTABLE",
            "ORDER_TOO_LARGE",
            "OUT_OF_RESOURCES",
            "PAYLOAD_TOO_LARGE",
            "SAME_TOKEN",
        ),
        *("TOKEN_REFUSED", "TOO_MANY_REQUESTS", "TRADING_HALTED", "UNAUTHENTICATED", "UNKNOWN_TOKEN"),
        *("UNSUPPORTED_MEDIA_TYPE", "UNSUPPORTED_ORDER_TYPE", "WOULD_TRIGGER_NOW"),
    ]


def test_an_accepted_order_leads_to_the_calls_that_take_its_id() -> None:
    accepted = OPERATIONS["executeOrder"]["responses"]["201"]
    assert {each["operationId"] for each in accepted["links"].values()} == {
        *("getOrder", "listOrderEvents", "cancelOrder"),
    }
