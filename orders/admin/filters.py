"""Filters of the order list. Their choices are known without asking the table for its distinct values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import (
    CheckboxFilter,
    DropdownFilter,
    RadioFilter,
    RangeDateFilter,
    TextFilter,
)

from orders import gateway
from orders.admin.search import mint_of
from orders.index_conditions import HAS_ENDED, IS_UNFINISHED
from orders.lifecycle import FINAL, PAPER, UNFINISHED, FailureReason, Status
from orders.models import Order


class StatusFilter(CheckboxFilter):  # type: ignore[misc]
    """Any number of statuses; those of ended and of unfinished orders have indexes of their own."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: object) -> Sequence[tuple[str, str]]:
        """All of them."""
        return Status.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Orders at one of the chosen statuses."""
        chosen = set(self.value() or ())
        if not chosen:
            return queryset
        one, *more = sorted(chosen)
        found = Q(status__in=[one, *more]) if more else Q(status=one)
        if chosen <= {status.value for status in FINAL}:
            return queryset.filter(HAS_ENDED, found)
        if chosen <= {status.value for status in UNFINISHED}:
            # They are few: named one by one, none of the ended orders between them is read.
            return queryset.filter(pk__in=Order.objects.filter(IS_UNFINISHED, found).order_by().values("pk"))
        return queryset.filter(found)


class DexFilter(RadioFilter):  # type: ignore[misc]
    title = "DEX"
    parameter_name = "dex"

    def lookups(self, request: HttpRequest, model_admin: object) -> Sequence[tuple[str, str]]:
        """The brands of all venues."""
        return [(brand, brand.capitalize()) for brand in gateway.brands()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Orders that a venue of this brand was chosen for."""
        return queryset.filter(dex=self.value()) if self.value() else queryset


class NetworkFilter(RadioFilter):  # type: ignore[misc]
    title = "network"
    parameter_name = "network"

    def lookups(self, request: HttpRequest, model_admin: object) -> Sequence[tuple[str, str]]:
        """The networks that the engine can be set to."""
        return [(name, name) for name in (*gateway.networks(), PAPER)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Orders that were placed on this network."""
        return queryset.filter(network=self.value()) if self.value() else queryset


class ReasonFilter(DropdownFilter):  # type: ignore[misc]
    title = "reason"
    parameter_name = "error_code"

    def lookups(self, request: HttpRequest, model_admin: object) -> Sequence[tuple[str, str]]:
        """Every reason that an order can fail for."""
        return [(reason, reason) for reason in FailureReason.values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Orders that failed for this reason."""
        if not self.value():
            return queryset
        return queryset.filter(HAS_ENDED, status=Status.FAILED, error_code=self.value())


class UserFilter(TextFilter):  # type: ignore[misc]
    """By the user's name, whole: there may be too many to choose from a list."""

    title = "user"
    parameter_name = "user"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Orders of this user."""
        if not self.value():
            return queryset
        # By the key, so that the index of the user's newest orders is used.
        users = get_user_model().objects.filter(username=self.value())
        key = users.values_list("pk", flat=True).first()
        return queryset.none() if key is None else queryset.filter(user_id=key)


class TokenFilter(TextFilter):  # type: ignore[misc]
    """By a symbol or a mint, on either side of the swap."""

    title = "token"
    parameter_name = "token"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Orders that sell or buy this token; none for what is no token."""
        if not self.value():
            return queryset
        mint = mint_of(self.value().strip())
        return queryset.none() if mint is None else queryset.filter(Q(token_in=mint) | Q(token_out=mint))


class DayFilter(RangeDateFilter):  # type: ignore[misc]
    """From one day to another, both included, in UTC."""

    name = "day (UTC)"

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.title = self.name

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        """Rows of these days; None, which Django answers with an error mark, for no date."""
        bounds = {}
        try:
            if first := self.used_parameters.get(f"{self.parameter_name}_from"):
                bounds[f"{self.parameter_name}__gte"] = _midnight(first)
            if last := self.used_parameters.get(f"{self.parameter_name}_to"):
                bounds[f"{self.parameter_name}__lt"] = _midnight(last) + timedelta(days=1)
        except (ValueError, OverflowError):
            return None
        return queryset.filter(**bounds)


class PlacedFilter(DayFilter):
    """The day on which an order was placed."""

    name = "day placed (UTC)"


def _midnight(day: str) -> datetime:
    return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
