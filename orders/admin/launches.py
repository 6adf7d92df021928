"""New pools as they were seen, and whether a worker watches for more: read-only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django.contrib import admin
from unfold.admin import ModelAdmin

from orders.admin import listing
from orders.admin.columns import label, transaction_link
from orders.admin.read_only import ReadOnly
from orders.amounts import from_base_units
from orders.gateway import token_by_mint
from orders.models import Launch, LaunchWatch, OpeningUnit
from orders.records import network_lease

# Of the year 9999, the last that dates can be written of.
_LAST_SECOND: Final = 253_402_300_800


@admin.register(Launch)
class LaunchAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """The new pools, newest first."""

    list_display = ("seen", "token", "venue", "standing", "holds", "fee", "warnings", "source", "created_by")
    list_filter = ("network", "venue", "source", "graduated_from")
    list_per_page = 50
    show_full_result_count = False
    paginator = listing.BoundedPaginator
    fields = readonly_fields = (
        *("token", "standing", "holds", "fee", "warnings", "venue", "network", "pool", "token_mint"),
        *("quote_mint", "creator", "created_by", "source", "graduated_from", "seen", "seen_slot", "opens"),
        *("funded_at", "opened_at", "checked_at"),
    )
    search_fields = ("token_mint__exact", "pool__exact", "creator__exact")
    search_help_text = "A mint, a pool or a creator, whole"

    @admin.display(description="seen (UTC)", ordering="seen_at")
    def seen(self, launch: Launch) -> str:
        """Date and time to the second."""
        return f"{launch.seen_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="token")
    def token(self, launch: Launch) -> str:
        """As it calls itself, and what it is bought with."""
        token, quote = token_by_mint(launch.token_mint), token_by_mint(launch.quote_mint)
        name = token.name if token and token.name != launch.token_mint else f"{launch.token_mint[:8]}…"
        return f"{name} for {quote.symbol if quote else f'{launch.quote_mint[:4]}…'}"

    @admin.display(description="state")
    def standing(self, launch: Launch) -> str:
        """The last of its moments that has come."""
        if launch.funded_at is None:
            return label("empty", "warning")
        return label("open", "success") if launch.opened_at else label("funded", "info")

    @admin.display(description="liquidity", ordering="liquidity")
    def holds(self, launch: Launch) -> str:
        """What its vault held of the quote token at the last look; a dash where that is not known."""
        quote = token_by_mint(launch.quote_mint)
        if launch.liquidity is None or quote is None:
            return "-"
        return f"{from_base_units(launch.liquidity, quote.decimals)} {quote.symbol}"

    @admin.display(description="fee", ordering="fee_bps")
    def fee(self, launch: Launch) -> str:
        """What a small purchase paid at the last look."""
        return "-" if launch.fee_bps is None else f"{launch.fee_bps} bps"

    @admin.display(description="opens")
    def opens(self, launch: Launch) -> str:
        """The first slot or second at which its program swaps."""
        point = launch.first_point
        if point is None:
            return "at its creation"
        # A program may say any number.
        if launch.opens_unit == OpeningUnit.UNIX and 0 <= point < _LAST_SECOND:
            return f"{datetime.fromtimestamp(point, UTC):%Y-%m-%d %H:%M:%S} UTC"
        return f"{launch.get_opens_unit_display()} {point}".lower()

    @admin.display(description="warnings")
    def warnings(self, launch: Launch) -> str:
        """Their codes."""
        return ", ".join(launch.flags) or "-"

    @admin.display(description="created by")
    def created_by(self, launch: Launch) -> str:
        """The transaction."""
        return transaction_link(launch.network, launch.signature) if launch.signature else "-"


@admin.register(LaunchWatch)
class LaunchWatchAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """Whether a worker watches for new pools, and what it sees them by."""

    list_display = ("network", "watched", "is_subscribed", "seen_slot", "polled_at", "error_code")

    @admin.display(description="watched")
    def watched(self, watch: LaunchWatch) -> str:
        """Whether a worker holds the lease."""
        is_held = network_lease.is_held(watch)
        return label("watched", "success") if is_held else label("by nobody", "warning")
