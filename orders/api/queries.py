"""The parameters of queries, as the calls read them and the schema shows them."""

from __future__ import annotations

from typing import Final

from django.conf import settings

from orders.wire.json_types import TEXT, integer, one_of, text
from orders.wire.message import Field, Rows
from orders.wire.request_fields import MAX_SEQUENCE

MOST_EVENTS: Final = 500
LONGEST_WAIT: Final = 30
MOST_LAUNCHES: Final = 200

EVENTS_QUERY: Final = Rows(
    Field("after", integer(0, MAX_SEQUENCE, 0), means="only events with a higher sequence", optional=True),
)
FEED_QUERY: Final = Rows(
    Field(
        "after", text(1, 19, "0"), means="cursor of the page before, or latest", optional=True, example="0"
    ),
    Field("limit", integer(1, MOST_EVENTS, 100), means="events a page, 100 when absent", optional=True),
    Field(
        "wait",
        integer(0, LONGEST_WAIT, 20),
        means="seconds to wait for the first event where there is none yet",
        optional=True,
    ),
)
LAUNCHES_QUERY: Final = Rows(
    Field("mint", TEXT, means="of the new token", optional=True),
    Field("venue", TEXT, means="one or more programs, separated by commas", optional=True),
    Field("since", TEXT, means="seen at or after this ISO 8601 time", optional=True),
    Field("limit", integer(1, MOST_LAUNCHES, 50), means="a page, 50 when absent", optional=True, example=50),
    Field("cursor", TEXT, means="from next or previous of an earlier answer", optional=True),
)
QUOTES_QUERY: Final = Rows(
    Field("tokenIn", text(1, 64, "SOL"), means="symbol or mint"),
    Field("tokenOut", text(1, 64, "USDC"), means="symbol or mint"),
    Field("amount", TEXT, means="whole tokens", optional=True, example="5"),
    Field("amountIn", TEXT, means="the same as amount", optional=True),
    Field("amountInRaw", TEXT, means="base units, instead of amount", optional=True),
    Field(
        "swapMode", one_of(["exactIn", "exactOut"]), means="exactOut: amount is of tokenOut", optional=True
    ),
    Field("amountOut", TEXT, means="the same as amount, with exactOut", optional=True),
    Field("amountOutRaw", TEXT, means="base units, instead of amountOut", optional=True),
    Field("venues", TEXT, means="names of venues or brands, with commas: these alone", optional=True),
    Field("excludeVenues", TEXT, means="none of these", optional=True),
    Field("maxHops", integer(1, 2, 2), means="pools that a path may go over", optional=True),
    Field("maxSplits", integer(1, 3, 3), means="paths that may share the amount", optional=True),
    Field(
        "slippageBps",
        integer(0, settings.MAX_SLIPPAGE_BPS, 50),
        means="for minAmountOut, or maxAmountIn",
        optional=True,
        example=50,
    ),
)
