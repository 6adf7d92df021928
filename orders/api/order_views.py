"""REST doors of orders: each checks the shape, calls intake or reads rows, and answers."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orders.api import filters, pages, schema
from orders.api.order_cache import Stamp, order_cache
from orders.errors import NotFound, Unauthenticated
from orders.intake.place import cancel_order, place_order
from orders.models import Order
from orders.wire.events import event_as_wire
from orders.wire.json import require_object
from orders.wire.orders import order_as_wire
from orders.wire.request_fields import MAX_SEQUENCE, bounded_integer, order_uuid
from orders.wire.requests import parse_order


class ExecuteOrder(APIView):
    """Accepts orders. Their own limit is counted in the database: accepting waits for no cache."""

    throttle_classes = ()

    @extend_schema(**schema.EXECUTE)
    def post(self, request: Request) -> Response:
        """Accept an order. It waits for neither Redis nor the chain."""
        intent = parse_order(
            require_object(request.data), client_order_id=request.headers.get("Idempotency-Key")
        )
        placed = place_order(caller(request), intent)
        location = request.build_absolute_uri(f"/api/orders/{placed.order.pk}")
        headers = {"Location": location}
        if placed.replayed:
            headers["Idempotent-Replayed"] = "true"
        return Response(order_as_wire(placed.order), status=200 if placed.replayed else 201, headers=headers)


class OrderList(APIView):
    """The caller's orders."""

    @extend_schema(**schema.LIST)
    def get(self, request: Request) -> Response:
        """The caller's orders, newest first, a page at a time."""
        query = filters.single_values(request.query_params)
        limit = bounded_integer(query, "limit", filters.DEFAULT_LIMIT, 1, filters.MAX_LIMIT)
        cursor = query.get("cursor")
        position = pages.decode_cursor(cursor) if cursor else None
        page = pages.read_page(_orders_of(request), filters.parts(query), position, limit)
        return Response(
            {
                "next": _page_url(request, page.next),
                "previous": _page_url(request, page.previous),
                "results": [order_as_wire(order) for order in page.orders],
            }
        )


class OrderDetail(APIView):
    """One order."""

    @extend_schema(**schema.DETAIL)
    def get(self, request: Request, order_id: str) -> HttpResponseBase:
        """One order with its attempts and its journal."""
        order = _own_order(request, order_id)
        if not order_cache.serves(order) or request.accepted_media_type != JSONRenderer.media_type:
            return Response(_detail_of(order)[0])
        stamp = Stamp.of(order)
        document = order_cache.read(stamp)
        if document is None:
            wire, shown = _detail_of(order)
            document = JSONRenderer().render(wire)
            if shown == stamp:
                order_cache.keep(stamp, document)
        return HttpResponse(document, content_type=JSONRenderer.media_type)


class OrderEvents(APIView):
    """The journal of one order."""

    @extend_schema(**schema.EVENTS)
    def get(self, request: Request, order_id: str) -> Response:
        """The journal of one order behind sequence `after`."""
        query = filters.single_values(request.query_params)
        after = bounded_integer(query, "after", 0, 0, MAX_SEQUENCE)
        order = _own_order(request, order_id)
        rows = order.events.filter(sequence__gt=after).order_by("sequence")
        events = [event_as_wire(event) for event in rows]
        return Response({"orderId": str(order.pk), "status": order.status, "events": events})


class CancelOrder(APIView):
    """Cancels orders."""

    @extend_schema(**schema.CANCEL)
    def post(self, request: Request, order_id: str) -> Response:
        """Cancel an order that no worker has begun."""
        return Response(order_as_wire(cancel_order(caller(request), order_uuid(order_id))))


def caller(request: Request) -> AbstractBaseUser:
    """The user of a request; the permission classes have let nobody else in. Raises Unauthenticated."""
    if not isinstance(request.user, AbstractBaseUser):
        raise Unauthenticated()
    return request.user


def _orders_of(request: Request) -> QuerySet[Order]:
    return Order.objects.filter(user_id=caller(request).pk)


def _own_order(request: Request, order_id: str) -> Order:
    order = _orders_of(request).filter(pk=order_uuid(order_id)).first()
    if order is None:
        raise NotFound("There is no such order")
    return order


def _detail_of(order: Order) -> tuple[dict[str, Any], Stamp]:
    """The whole order, and the state that attempts and events belong to: they are read after the row."""
    attempts = list(order.attempts.defer("signed_transaction").order_by("number"))
    events = list(order.events.order_by("sequence"))
    wire = order_as_wire(order, attempts=attempts, events=events)
    return wire, Stamp(order.pk, events[-1].sequence if events else 0, len(attempts))


def _page_url(request: Request, position: pages.Position | None) -> Any:
    if position is None:
        return None
    query = request.query_params.copy()
    query["cursor"] = position.encode()
    return request.build_absolute_uri(f"/api/orders?{query.urlencode()}")
