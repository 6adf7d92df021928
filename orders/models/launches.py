"""New pools as they were seen to come up, and the rules by which sniper orders choose among them."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models

from orders.models.order import Order

# The token out of a sniper order that buys whatever is launched.
ANYTHING: Final = "any"


class LaunchSource(models.TextChoices):
    """What showed a new pool first."""

    ACCOUNTS = "accounts", "an account subscription"
    TRANSACTIONS = "transactions", "the transaction that created it"
    POLL = "poll", "a look at all pools"


class OpeningUnit(models.TextChoices):
    """What an opening is counted in."""

    NONE = "", "open from its creation"
    SLOT = "slot"
    UNIX = "unix", "unix seconds"


class Hold(models.TextChoices):
    """Why a sniper order has not bought yet. Values are stable codes of the API."""

    NONE = "", ""
    NO_POOL = "NO_POOL", "There is no new pool of this token yet"
    NOT_FUNDED = "NOT_FUNDED", "The pool holds no liquidity yet"
    NOT_OPEN = "NOT_OPEN", "The pool has not opened yet"
    OPENS_TOO_LATE = "OPENS_TOO_LATE", "The pool opens later than the order allows"
    LIQUIDITY_TOO_LOW = "LIQUIDITY_TOO_LOW", "The pool holds less than the order asks for"
    FEE_TOO_HIGH = "FEE_TOO_HIGH", "The pool's fee for this purchase is above the order's"
    COST_TOO_HIGH = "COST_TOO_HIGH", "Price impact and fee together are above what the order allows"
    PRICE_OUT_OF_REACH = "PRICE_OUT_OF_REACH", "The purchase would bring less than the order's limit"
    CREATOR_BLOCKED = "CREATOR_BLOCKED", "The pool's creator is on the order's blocklist"
    MINT_AUTHORITY = "MINT_AUTHORITY", "Somebody may still issue more of the token"
    FREEZE_AUTHORITY = "FREEZE_AUTHORITY", "Somebody may freeze token accounts"
    FEE_AUTHORITY = "FEE_AUTHORITY", "Somebody may raise the token's transfer fee"
    LIQUIDITY_NOT_LOCKED = "LIQUIDITY_NOT_LOCKED", "The pool's liquidity can be taken out"
    METADATA_MUTABLE = "METADATA_MUTABLE", "The token's name and symbol can be changed"
    HOLDER_TOO_LARGE = "HOLDER_TOO_LARGE", "One holder has more of the supply than the order allows"
    HOLDERS_UNKNOWN = "HOLDERS_UNKNOWN", "No node says who holds the token"
    TOKEN_REFUSED = "TOKEN_REFUSED", "The token cannot be swapped safely"
    CANNOT_BE_SOLD = "CANNOT_BE_SOLD", "What would be bought could not be sold again"
    ROUND_TRIP_LOSS = "ROUND_TRIP_LOSS", "Buying and selling again would lose more than the order allows"
    NOT_SIMULATED = "NOT_SIMULATED", "Purchase and sale could not be simulated"
    FUNDS = "FUNDS", "The wallet does not hold what the order sells"
    NO_QUOTE = "NO_QUOTE", "The pool has no quote for this amount"


class Launch(models.Model):
    """A pool that was not there before: what was seen of it, and when it was created, funded and opened.

    ``quote_mint`` is the known side (SOL, USDC, USDT or another listed token), ``token_mint`` the other one.
    Swaps begin at ``opens_at_point`` or, with ``opens_after``, one unit later. ``liquidity`` is what its
    vault of the quote mint held at the last look, in base units; ``fee_bps`` what a small purchase paid
    then. ``flags`` are codes of warnings about the token and the pool.
    """

    network = models.CharField(max_length=16)
    venue = models.CharField(max_length=32)
    pool = models.CharField(max_length=44)
    token_mint = models.CharField(max_length=44)
    quote_mint = models.CharField(max_length=44)
    creator = models.CharField(max_length=44, blank=True, default="")
    signature = models.CharField(max_length=88, blank=True, default="")
    source = models.CharField(max_length=12, choices=LaunchSource.choices)
    seen_at = models.DateTimeField()
    seen_slot = models.BigIntegerField()
    # The curve on which it was sold before: "launchlab", "dbc", "pump"; empty where there was none.
    graduated_from = models.CharField(max_length=16, blank=True, default="")
    opens_unit = models.CharField(max_length=4, choices=OpeningUnit.choices, blank=True, default="")
    opens_at_point = models.BigIntegerField(null=True, blank=True)
    opens_after = models.BooleanField(default=False)
    funded_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    liquidity = models.BigIntegerField(null=True, blank=True)
    fee_bps = models.PositiveIntegerField(null=True, blank=True)
    flags = models.JSONField(default=list)
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-seen_at", "-id")
        verbose_name = "new pool"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("network", "pool"), name="launch_once_a_network"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("network", "-seen_at", "-id"), name="launch_newest"),
            models.Index(fields=("network", "token_mint"), name="launch_of_mint"),
        ]

    def __str__(self) -> str:
        return f"{self.venue} {self.pool}"

    @property
    def first_point(self) -> int | None:
        """The first slot or second at which its program swaps; None where it says none."""
        return None if self.opens_at_point is None else self.opens_at_point + int(self.opens_after)


class LaunchWatch(models.Model):
    """Which worker watches a network for new pools, and how far it has come.

    ``since_slot`` is where the first watch began: what is older is no new pool. ``listed_venues`` are those
    whose pools were all put down as old when the watch for pools of any token began; none while only single
    mints are watched for.
    """

    network = models.CharField(max_length=16, primary_key=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    since_slot = models.BigIntegerField(null=True, blank=True)
    listed_venues = models.JSONField(default=list)
    is_subscribed = models.BooleanField(default=False)
    seen_slot = models.BigIntegerField(null=True, blank=True)
    polled_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name = "watch for new pools"
        verbose_name_plural = "watches for new pools"

    def __str__(self) -> str:
        return f"new pools of {self.network}"


class OldPool(models.Model):
    """A pool that is no launch: it was there before the watch began, or its launch is no longer kept."""

    network = models.CharField(max_length=16)
    pool = models.CharField(max_length=44)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("network", "pool"), name="old_pool_once_a_network"),
        ]

    def __str__(self) -> str:
        return self.pool


class LaunchRules(models.Model):
    """What a pool must satisfy before a sniper order buys, and what becomes of what it has bought.

    Of a budget (``tokenOut: any``) each launch is bought by an order of its own, at most ``max_orders``,
    ``placed`` so far. ``min_liquidity`` is in base units of the token in, held by the pool. ``require`` and
    ``blocked_creators`` are lists; ``exits`` as `orders.intake.waiting` keeps those of a bracket.
    ``held_by`` is why the last look did not buy.
    """

    order = models.OneToOneField(Order, models.PROTECT, primary_key=True, related_name="launch_rules")
    min_liquidity = models.BigIntegerField(null=True, blank=True)
    max_fee_bps = models.PositiveIntegerField(null=True, blank=True)
    max_round_trip_bps = models.PositiveIntegerField(null=True, blank=True)
    max_holder_share_bps = models.PositiveIntegerField(null=True, blank=True)
    require = models.JSONField(default=list)
    blocked_creators = models.JSONField(default=list)
    open_within_seconds = models.PositiveIntegerField(null=True, blank=True)
    max_orders = models.PositiveIntegerField(null=True, blank=True)
    placed = models.PositiveIntegerField(default=0)
    exits = models.JSONField(null=True, blank=True)
    pool = models.CharField(max_length=44, blank=True, default="")
    held_by = models.CharField(max_length=24, choices=Hold.choices, blank=True, default=Hold.NONE)

    class Meta:
        verbose_name = "sniper order"

    def __str__(self) -> str:
        return f"launch rules of {self.order_id}"
