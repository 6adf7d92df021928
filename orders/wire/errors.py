"""Every refusal and every fault in the one shape of the API, mapped here and nowhere else."""

from __future__ import annotations

import logging
import sys
import uuid
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.views.csrf import csrf_failure as django_csrf_failure
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions as drf

from orders import errors
from orders.platform import database_trouble
from orders.platform.shortage import is_shortage
from orders.telemetry.request_ids import bound_request_id
from orders.wire.json_types import BOOLEAN, OPEN_OBJECT, TEXT, one_of
from orders.wire.message import Field, Message

logger = logging.getLogger(__name__)

_FRAMEWORK_ERRORS: tuple[tuple[type[Exception], type[errors.OrderError]], ...] = (
    (Http404, errors.NotFound),
    (PermissionDenied, errors.Forbidden),
    (RequestDataTooBig, errors.PayloadTooLarge),
    (BadRequest, errors.InvalidRequest),
    (MultiPartParserError, errors.MalformedBody),
    (SuspiciousOperation, errors.InvalidRequest),
    (drf.NotFound, errors.NotFound),
    (drf.NotAuthenticated, errors.Unauthenticated),
    (drf.AuthenticationFailed, errors.Unauthenticated),
    (drf.PermissionDenied, errors.Forbidden),
    (drf.MethodNotAllowed, errors.MethodNotAllowed),
    (drf.NotAcceptable, errors.NotAcceptable),
    (drf.UnsupportedMediaType, errors.UnsupportedMediaType),
    (drf.ParseError, errors.MalformedBody),
    (drf.ValidationError, errors.InvalidRequest),
)


def error_kinds() -> list[type[errors.OrderError]]:
    """Every refusal there is, by status and code."""
    found, waiting = [], [errors.OrderError]
    while waiting:
        kinds = waiting.pop().__subclasses__()
        waiting.extend(kinds)
        found.extend(kinds)
    return sorted(found, key=lambda kind: (kind.http_status, kind.code))


def known_codes() -> list[str]:
    """Every code that an error answer can carry."""
    return sorted({kind.code for kind in error_kinds()})


def shown(kind: type[errors.OrderError]) -> errors.OrderError:
    """A refusal of this kind, with the details that the documents show of it."""
    return kind(**kind.__dict__.get("details_shown", {}))


ERROR: Final = Message(
    "Error",
    Field("code", one_of(known_codes()), "code", "stable", example="NOT_FOUND"),
    Field("message", TEXT, "message", "for people", example="There is no such order"),
    Field("retryable", BOOLEAN, "retryable", "whether asking again may help"),
    Field("details", OPEN_OBJECT, "details", "what is wrong with which field, and the like"),
    means="The one shape of every refusal. Beside those of each call: METHOD_NOT_ALLOWED for"
    " its other methods, and UNKNOWN_ACTION, over WebSocket only.",
)


def as_order_error(error: Exception) -> errors.OrderError:
    """What a client is answered about an exception; faults are logged under the request id they carry."""
    if isinstance(error, errors.OrderError) and not isinstance(error, errors.Internal):
        return error
    if isinstance(error, Error) and not database_trouble.is_fault_of_the_program(error):
        logger.error("the database is not available: %s", type(error).__name__, exc_info=error)
        return errors.DatabaseUnavailable(reason=database_trouble.in_words(error))
    if isinstance(error, DisallowedHost):
        return errors.InvalidRequest("This server does not go by that name", host="not in ALLOWED_HOSTS")
    for framework_error, ours in _FRAMEWORK_ERRORS:
        if isinstance(error, framework_error):
            return ours()
    if is_shortage(error):
        logger.error("short of file descriptors, memory or threads: %s", type(error).__name__)
        return errors.OutOfResources(retryAfterSeconds=1)
    request_id = bound_request_id() or uuid.uuid4().hex
    logger.error("request %s failed", request_id, exc_info=error)
    return errors.Internal(requestId=request_id)


def error_response(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """REST framework's exception handler: JSON, also where the answer would have been another format."""
    refusal = as_order_error(error)
    response = _plain(refusal)
    if isinstance(refusal, errors.Unauthenticated):
        response["WWW-Authenticate"] = "Bearer"
    return response


@csrf_exempt
def unknown_url(request: HttpRequest, *_args: Any, **_kwargs: Any) -> JsonResponse:
    """Answer for a path that no route has; also with DEBUG on, when Django would not ask `not_found`."""
    return _plain(errors.NotFound())


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's handler400."""
    return _plain(as_order_error(exception))


def permission_denied(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's handler403."""
    return _plain(errors.Forbidden())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW; people who sign in to the admin see Django's page."""
    if request.path.startswith("/admin/"):
        return django_csrf_failure(request, reason)
    return _plain(errors.Forbidden())


def read_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A plain view that answers GET and HEAD, and refuses all else in the shape of the API."""

    @csrf_exempt
    @wraps(view)
    def only_read(request: HttpRequest, **parts: str) -> HttpResponse:
        if request.method in {"GET", "HEAD"}:
            return view(request, **parts)
        refusal = _plain(errors.MethodNotAllowed())
        refusal["Allow"] = "GET, HEAD"
        return refusal

    return only_read


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's handler404."""
    return _plain(errors.NotFound())


def overloaded() -> HttpResponse:
    """What a request is answered for which there is no room now."""
    return _plain(errors.TooManyRequests(retryAfterSeconds=1))


def short_of_resources(error: Exception) -> HttpResponse | None:
    """What a request is answered that has failed for want of something; None where that is not why."""
    return _plain(as_order_error(error)) if is_shortage(error) else None


def server_error(request: HttpRequest) -> JsonResponse:
    """Django's handler500, called while the fault is handled; it is in Django's log of requests."""
    fault = sys.exception()
    if is_shortage(fault):
        return _plain(errors.OutOfResources(retryAfterSeconds=1))
    request_id = bound_request_id() or uuid.uuid4().hex
    logger.error("request %s failed outside the API views: %s", request_id, request.path)
    return _plain(errors.Internal(requestId=request_id))


def _plain(refusal: errors.OrderError) -> JsonResponse:
    response = JsonResponse(refusal.as_wire(), status=refusal.http_status)
    wait = refusal.details.get("retryAfterSeconds")
    if wait is not None:
        response["Retry-After"] = str(wait)
    return response
