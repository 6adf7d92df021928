"""REST calls of orders: each checks the shape, calls intake or reads rows, and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.db.models import Q, QuerySet, prefetch_related_objects
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from orders.access.permissions import MayTrade
from orders.api import filters, pages, queries, schema
from orders.api.endpoint import Endpoint
from orders.api.order_cache import Stamp, order_cache
from orders.errors import InvalidRequest, NotFound
from orders.intake.amend import amend_order
from orders.intake.batch import place_batch
from orders.intake.cancel import cancel_all, cancel_group, cancel_order
from orders.intake.place import place_order
from orders.lifecycle import OrderType
from orders.models import Order, OrderGroup
from orders.wire.amendments import parse_amendment
from orders.wire.batches import outcomes_as_wire, read_batch
from orders.wire.events import event_as_wire
from orders.wire.groups import CANCELLED, group_as_wire
from orders.wire.json import require_object
from orders.wire.orders import order_as_wire
from orders.wire.request_fields import MAX_SEQUENCE, bounded_integer, idempotency_key, order_uuid
from orders.wire.request_parsing import parse_order

_KEY_HEADER: Final = b"idempotency-key"
# An order has some ten; forks that are dropped again and again have no bound.
_EVENTS_SHOWN: Final = 100


class ExecuteOrder(Endpoint):
    """Accepts orders. Their own limit is counted in the database: accepting waits for no cache."""

    throttle_classes = ()
    permission_classes = (IsAuthenticated, MayTrade)

    @extend_schema(**schema.EXECUTE)
    def post(self, request: Request) -> Response:
        """Accept an order. It waits for neither Redis nor the chain."""
        intent = parse_order(require_object(request.data), client_order_id=_key_of(request))
        placed = place_order(Endpoint.caller(request), intent)
        location = request.build_absolute_uri(f"/api/orders/{placed.order.pk}")
        headers = {"Location": location}
        if placed.replayed:
            headers["Idempotent-Replayed"] = "true"
        return Response(order_as_wire(placed.order), status=200 if placed.replayed else 201, headers=headers)


class ExecuteBatch(Endpoint):
    """Accepts many orders in one commit."""

    throttle_classes = ()
    permission_classes = (IsAuthenticated, MayTrade)

    @extend_schema(**schema.BATCH)
    def post(self, request: Request) -> Response:
        """Accept up to 100 orders in one commit; each stands for itself."""
        if _key_of(request) is not None:
            raise InvalidRequest(idempotencyKey="give each order a clientOrderId instead")
        requests = read_batch(require_object(request.data))
        outcomes = place_batch(Endpoint.caller(request), requests)
        return Response({"results": outcomes_as_wire(outcomes)}, status=207)


class OrderList(Endpoint):
    """The caller's orders."""

    query = filters.LIST_QUERY

    @extend_schema(**schema.LIST)
    def get(self, request: Request) -> Response:
        """The caller's orders, newest first, a page at a time."""
        query = self.values
        limit = bounded_integer(query, "limit", filters.DEFAULT_LIMIT, 1, filters.MAX_LIMIT)
        cursor = query.get("cursor")
        position = pages.decode_cursor(cursor) if cursor else None
        page = pages.read_page(_orders_of(request), filters.parts(query), position, limit)
        prefetch_related_objects([order for order in page.orders if order.has_trigger], "trigger")
        schedules = [order for order in page.orders if order.type == OrderType.DCA]
        prefetch_related_objects(schedules, "schedule")
        snipers = [order for order in page.orders if order.type == OrderType.SNIPER]
        prefetch_related_objects(snipers, "launch_rules")
        return Response(
            {
                "next": pages.url_of(request, page.next),
                "previous": pages.url_of(request, page.previous),
                "results": [order_as_wire(order) for order in page.orders],
            }
        )


class OrderDetail(Endpoint):
    """One order."""

    def get_permissions(self) -> list[Any]:
        """Who reads needs no permission to trade."""
        amends = self.request.method == "PATCH"
        return [IsAuthenticated(), MayTrade()] if amends else [IsAuthenticated()]

    @extend_schema(**schema.DETAIL)
    def get(self, request: Request, order_id: str) -> HttpResponseBase:
        """One order with its attempts and the newest part of its journal."""
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

    @extend_schema(**schema.AMEND)
    def patch(self, request: Request, order_id: str) -> Response:
        """Amend an open order as it was read last."""
        amendment = parse_amendment(require_object(request.data))
        return Response(order_as_wire(amend_order(Endpoint.caller(request), order_uuid(order_id), amendment)))


class OrderEvents(Endpoint):
    """The journal of one order."""

    query = queries.EVENTS_QUERY

    @extend_schema(**schema.EVENTS)
    def get(self, request: Request, order_id: str) -> Response:
        """The journal of one order behind sequence `after`, a page at a time."""
        after = bounded_integer(self.values, "after", 0, 0, MAX_SEQUENCE)
        order = _own_order(request, order_id)
        rows = list(order.events.filter(sequence__gt=after).order_by("sequence")[: queries.MOST_EVENTS + 1])
        events = [event_as_wire(event) for event in rows[: queries.MOST_EVENTS]]
        more = len(rows) > len(events)
        return Response({"orderId": str(order.pk), "status": order.status, "events": events, "more": more})


class CancelOrders(Endpoint):
    """Cancels many orders."""

    permission_classes = (IsAuthenticated, MayTrade)
    query = filters.CANCEL_QUERY
    without_query = frozenset()

    @extend_schema(**schema.CANCEL_ALL)
    def post(self, request: Request) -> Response:
        """Cancel all of the caller's orders that fit the filters and that no worker has begun."""
        return Response(CANCELLED.of(cancel_all(Endpoint.caller(request), filters.condition(self.values))))


class Group(Endpoint):
    """One group of orders."""

    @extend_schema(**schema.GROUP)
    def get(self, request: Request, group_id: str) -> Response:
        """A group with its orders."""
        owned = OrderGroup.objects.filter(user_id=Endpoint.caller(request).pk)
        group = owned.filter(pk=order_uuid(group_id)).first()
        if group is None:
            raise NotFound("There is no such group")
        return Response(_group_as_wire(group))


class CancelGroup(Endpoint):
    """Cancels groups."""

    permission_classes = (IsAuthenticated, MayTrade)

    @extend_schema(**schema.CANCEL_GROUP)
    def post(self, request: Request, group_id: str) -> Response:
        """Cancel what of a group no worker has begun."""
        return Response(_group_as_wire(cancel_group(Endpoint.caller(request), order_uuid(group_id))))


def _group_as_wire(group: OrderGroup) -> dict[str, Any]:
    members = Order.objects.filter(Q(group=group) | Q(group__parent=group))
    orders = members.select_related("trigger", "launch_rules").order_by("created_at", "group_role")
    return group_as_wire(group, list(orders))


class CancelOrder(Endpoint):
    """Cancels orders."""

    permission_classes = (IsAuthenticated, MayTrade)

    @extend_schema(**schema.CANCEL)
    def post(self, request: Request, order_id: str) -> Response:
        """Cancel an order that no worker has begun."""
        return Response(order_as_wire(cancel_order(Endpoint.caller(request), order_uuid(order_id))))


def _key_of(request: Request) -> str | None:
    """The key of the request's header; raises InvalidRequest, also where there are two."""
    given = [value for name, value in _raw_headers(request) if name.lower() == _KEY_HEADER]
    if len(given) > 1:
        raise InvalidRequest(idempotencyKey="give it once")
    return idempotency_key(given[0]) if given else None


def _raw_headers(request: Request) -> Iterator[tuple[bytes, str]]:
    """One by one, as Latin-1: Django joins those of one name."""
    scope: Mapping[str, Any] = getattr(request, "scope", {})
    if "headers" not in scope:
        # A WSGI server, or a test's client.
        yield from ((name.encode("latin-1"), value) for name, value in request.headers.items())
    for name, value in scope.get("headers", ()):
        yield name, value.decode("latin-1")


def _orders_of(request: Request) -> QuerySet[Order]:
    return Order.objects.filter(user_id=Endpoint.caller(request).pk)


def _own_order(request: Request, order_id: str) -> Order:
    order = _orders_of(request).filter(pk=order_uuid(order_id)).first()
    if order is None:
        raise NotFound("There is no such order")
    return order


def _detail_of(order: Order) -> tuple[dict[str, Any], Stamp]:
    """The whole order, and the state that attempts and events belong to: they are read after the row."""
    attempts = list(order.attempts.defer("signed_transaction").order_by("number"))
    events = list(order.events.order_by("-sequence")[:_EVENTS_SHOWN])[::-1]
    wire = order_as_wire(order, attempts=attempts, events=events)
    return wire, Stamp(order.pk, events[-1].sequence if events else 0, len(attempts))
