"""Routes of the REST API. Each answers with and without a trailing slash; others get a JSON 404."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path, re_path
from django.views.decorators.gzip import gzip_page
from drf_spectacular.views import SpectacularAPIView

from orders.api import (
    book_views,
    caller_views,
    candle_views,
    docs,
    event_views,
    health,
    launch_views,
    market_views,
    order_views,
)
from orders.reporting import metrics_export
from orders.wire import errors


def _compressed(view: Callable[..., Any]) -> Callable[..., Any]:
    """For answers of some kilobytes: on a slow line they would hold up what is asked beside them."""
    return gzip_page(view)


def _with_and_without_slash(route: str, view: Callable[..., Any], name: str) -> list[URLPattern]:
    return [path(route, view, name=name), path(f"{route}/", view)]


urlpatterns: list[URLPattern] = [
    *_with_and_without_slash("api/orders/execute", order_views.ExecuteOrder.as_view(), "execute-order"),
    *_with_and_without_slash("api/orders/batch", order_views.ExecuteBatch.as_view(), "execute-batch"),
    *_with_and_without_slash("api/orders/cancel", order_views.CancelOrders.as_view(), "cancel-orders"),
    *_with_and_without_slash("api/groups/<str:group_id>", order_views.Group.as_view(), "group"),
    *_with_and_without_slash(
        "api/groups/<str:group_id>/cancel", order_views.CancelGroup.as_view(), "cancel-group"
    ),
    *_with_and_without_slash("api/orders", _compressed(order_views.OrderList.as_view()), "orders"),
    *_with_and_without_slash("api/orders/<str:order_id>", order_views.OrderDetail.as_view(), "order"),
    *_with_and_without_slash(
        "api/orders/<str:order_id>/events", order_views.OrderEvents.as_view(), "order-events"
    ),
    *_with_and_without_slash(
        "api/orders/<str:order_id>/cancel", order_views.CancelOrder.as_view(), "cancel-order"
    ),
    *_with_and_without_slash("api/events", event_views.Events.as_view(), "events"),
    *_with_and_without_slash("api/candles", _compressed(candle_views.Candles.as_view()), "candles"),
    *_with_and_without_slash("api/fills", _compressed(book_views.Fills.as_view()), "fills"),
    *_with_and_without_slash("api/portfolio", book_views.Portfolio.as_view(), "portfolio"),
    *_with_and_without_slash(
        "api/portfolio/history", book_views.PortfolioHistory.as_view(), "portfolio-history"
    ),
    *_with_and_without_slash("api/launches", _compressed(launch_views.Launches.as_view()), "launches"),
    *_with_and_without_slash("api/me", caller_views.Me.as_view(), "me"),
    *_with_and_without_slash("api/trading", caller_views.Trading.as_view(), "trading"),
    *_with_and_without_slash("api/quotes", _compressed(market_views.Quotes.as_view()), "quotes"),
    *_with_and_without_slash("api/tokens", _compressed(market_views.Tokens.as_view()), "tokens"),
    *_with_and_without_slash("api/tokens/<str:mint>", market_views.TokenByMint.as_view(), "token"),
    *_with_and_without_slash("health", health.Health.as_view(), "health"),
    *_with_and_without_slash("health/live", health.Live.as_view(), "health-live"),
    *_with_and_without_slash("metrics", metrics_export.metrics, "metrics"),
    *_with_and_without_slash("api/schema", SpectacularAPIView.as_view(), "schema"),
    *_with_and_without_slash("api/docs", docs.Docs.as_view(url_name="schema"), "docs"),
    re_path(r"", errors.unknown_url),
]
