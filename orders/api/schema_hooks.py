"""What drf-spectacular asks of the description as a whole: credentials, addresses, shared messages."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from orders.wire.message import components


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tokens in the Authorization header."""

    target_class = "orders.access.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """HTTP bearer."""
        return {"type": "http", "scheme": "bearer"}


class LocalUserScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """No credentials at all, in development on loopback."""

    target_class = "orders.access.authentication.LocalUserAuthentication"
    name: list[str] = []

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[Any]]:
        """Nothing to send."""
        return {}

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        """Nothing to define."""
        return []


def without_slash_twins(endpoints: list[tuple[str, str, str, Any]], **_: Any) -> list[Any]:
    """Preprocessing hook: each route also answers with a trailing slash, described once."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]


def with_components(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing hook: the messages that the operations refer to."""
    result.setdefault("components", {}).setdefault("schemas", {}).update(components(result["paths"]))
    accepted = result["paths"]["/api/orders/execute"]["post"]["responses"]
    for status in ("200", "201"):
        accepted[status]["links"] = {
            name: {"operationId": name, "parameters": {"order_id": "$response.body#/orderId"}}
            for name in ("getOrder", "listOrderEvents", "cancelOrder")
        }
    return result
