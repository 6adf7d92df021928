"""What the endpoints answer when they refuse: stable code, HTTP status, message for people.

OrderError
├── InvalidRequest            400  a field is missing, malformed or out of range
│   ├── InvalidAmount         400
│   │   └── OrderTooLarge     400  more than MAX_ORDER_AMOUNTS allows
│   ├── UnknownToken          400
│   ├── SameToken             400
│   ├── UnsupportedOrderType  400
│   └── MalformedBody         400  not JSON, or not an object
├── Unauthenticated           401
├── Forbidden                 403
├── NotFound                  404  also for another owner's order
├── MethodNotAllowed          405
├── NotAcceptable             406
├── NotCancellable            409
├── NotAmendable              409
├── ChangedMeanwhile          409
├── PayloadTooLarge           413
├── UnsupportedMediaType      415
├── IdempotencyMismatch       422  same key, other body
├── WouldTriggerNow           422  a stop on the wrong side of the price
├── TokenRefused              422  the mint lets its issuer do what makes a swap unsafe
├── NoRoute                   422  no pool has a quote
│   └── AmountTooSmall        422  fees and rounding leave nothing
├── TooManyRequests           429
├── Internal                  500  with a request id, without inner text
├── ChainUnavailable          503
├── DatabaseUnavailable       503
├── OutOfResources            503  no file descriptor, memory or thread is left
└── TradingHalted             503  the kill switch is off: no order is accepted
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class OrderError(Exception):
    """Base of all refusals; ``details`` goes to the client as it is."""

    code: ClassVar[str] = "INTERNAL"
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    default_message: ClassVar[str] = "Something unexpected went wrong"
    # What `details` looks like, for the documents.
    details_shown: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, message: str | None = None, /, **details: Any) -> None:
        self.message = message or self.default_message
        self.details = details
        super().__init__(self.message)

    def as_wire(self) -> dict[str, Any]:
        """The one error shape of CONTRACTS: code, message, retryable, details."""
        return {
            "code": self.code,
            "message": self.message,
            "retryable": self.retryable,
            "details": self.details,
        }


class InvalidRequest(OrderError):
    code = "INVALID_REQUEST"
    http_status = 400
    default_message = "The request is not valid"
    details_shown = {"tokenOut": "required", "slippage": "unknown field"}


class InvalidAmount(InvalidRequest):
    code = "INVALID_AMOUNT"
    default_message = "The amount is not valid"
    details_shown = {"decimals": 9}


class OrderTooLarge(InvalidAmount):
    code = "ORDER_TOO_LARGE"
    default_message = "The amount is more than an order may sell"
    details_shown = {"maxAmountInRaw": "1000000000"}


class UnknownToken(InvalidRequest):
    code = "UNKNOWN_TOKEN"
    default_message = "The token is not known"
    details_shown = {"known": ["SOL", "USDC", "USDT", "JUP", "BONK"]}


class SameToken(InvalidRequest):
    code = "SAME_TOKEN"
    default_message = "Token in and token out must differ"


class UnsupportedOrderType(InvalidRequest):
    code = "UNSUPPORTED_ORDER_TYPE"
    default_message = "This engine takes no orders of this type"
    details_shown = {"type": "sniper", "accepted": ["limit", "market"]}


class MalformedBody(InvalidRequest):
    code = "MALFORMED_BODY"
    default_message = "The body must be one JSON object"


class UnknownAction(InvalidRequest):
    code = "UNKNOWN_ACTION"
    default_message = "This action is not known"


class Unauthenticated(OrderError):
    code = "UNAUTHENTICATED"
    http_status = 401
    default_message = "Credentials are missing or not valid"


class Forbidden(OrderError):
    code = "FORBIDDEN"
    http_status = 403
    default_message = "This is not allowed"


class NotFound(OrderError):
    code = "NOT_FOUND"
    http_status = 404
    default_message = "There is nothing here under this name"


class MethodNotAllowed(OrderError):
    code = "METHOD_NOT_ALLOWED"
    http_status = 405
    default_message = "This method is not offered here"


class NotAcceptable(OrderError):
    code = "NOT_ACCEPTABLE"
    http_status = 406
    default_message = "Only application/json is offered"


class NotCancellable(OrderError):
    code = "NOT_CANCELLABLE"
    http_status = 409
    default_message = "The order can no longer be cancelled"
    details_shown = {"status": "submitted"}


class PayloadTooLarge(OrderError):
    code = "PAYLOAD_TOO_LARGE"
    http_status = 413
    default_message = "The message is too large"
    details_shown = {"maxBytes": 65536}


class UnsupportedMediaType(OrderError):
    code = "UNSUPPORTED_MEDIA_TYPE"
    http_status = 415
    default_message = "Send application/json"


class IdempotencyMismatch(OrderError):
    code = "IDEMPOTENCY_MISMATCH"
    http_status = 422
    default_message = "This key was used for another order"


class WouldTriggerNow(OrderError):
    code = "WOULD_TRIGGER_NOW"
    http_status = 422
    default_message = "The price is beyond the trigger already"
    details_shown = {"firesAtOrBelow": "900", "now": "823.575312"}


class ChangedMeanwhile(OrderError):
    code = "CHANGED_MEANWHILE"
    http_status = 409
    default_message = "The order has changed since it was read"
    details_shown = {"version": 3, "status": "open"}


class NotAmendable(OrderError):
    code = "NOT_AMENDABLE"
    http_status = 409
    default_message = "An order that is not open cannot be amended"
    details_shown = {"status": "submitted"}


class TokenRefused(OrderError):
    code = "TOKEN_REFUSED"
    http_status = 422
    default_message = "The token cannot be swapped safely"
    details_shown = {
        "token": "2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo",
        "reasons": ["PERMANENT_DELEGATE"],
    }


class TooManyRequests(OrderError):
    code = "TOO_MANY_REQUESTS"
    http_status = 429
    retryable = True
    default_message = "Too many requests"
    details_shown = {"retryAfterSeconds": 12, "ordersPerMinute": 600}


class Internal(OrderError):
    """A fault of the server; ``details`` holds the request id only."""

    details_shown = {"requestId": "bddb4d4ce78346e39d0fb89396c7d605"}


class ChainUnavailable(OrderError):
    code = "CHAIN_UNAVAILABLE"
    http_status = 503
    retryable = True
    default_message = "The Solana node gave no usable answer"


class NoRoute(OrderError):
    code = "NO_ROUTE"
    http_status = 422
    default_message = "No pool has a quote for this request"
    details_shown = {"slot": 17, "errors": []}


class AmountTooSmall(NoRoute):
    code = "AMOUNT_TOO_SMALL"
    default_message = "Fees and rounding leave nothing of this amount"


class DatabaseUnavailable(OrderError):
    code = "DATABASE_UNAVAILABLE"
    http_status = 503
    retryable = True
    default_message = "The database is not available"
    details_shown = {"reason": "there is no room on its disk"}


class OutOfResources(OrderError):
    code = "OUT_OF_RESOURCES"
    http_status = 503
    retryable = True
    default_message = "The server is short of file descriptors, memory or threads"
    details_shown = {"retryAfterSeconds": 1}


class TradingHalted(OrderError):
    code = "TRADING_HALTED"
    http_status = 503
    retryable = True
    default_message = "Trading is switched off; no order is accepted now"
    details_shown = {"reason": "the wallet is moving", "since": "2026-11-21T15:20:00+00:00"}
