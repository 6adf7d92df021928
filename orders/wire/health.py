"""How the engine is, on the wire."""

from __future__ import annotations

from typing import Final, NamedTuple

from orders.gateway import ChainHealth
from orders.models import LaunchWatch, PoolRefresh
from orders.wire.json_types import INSTANT, INTEGER, TEXT, constant, list_of, nullable, one_of, timestamp
from orders.wire.message import Field, Message, ref


class Database(NamedTuple):
    """Why orders are not written, None where they are; and what the rows say, None where they are not.

    For how many seconds the oldest due order has waited, the kill switch, how many transactions are under
    way that the node does not take; how many orders are open, how many pairs of theirs have no price, and for
    how many seconds the first of these has had none.
    """

    refusal: str | None
    oldest_due_seconds: int | None = None
    trading_is_on: bool | None = None
    not_taken: int | None = None
    open_orders: int | None = None
    unpriced_pairs: int | None = None
    unpriced_seconds: int | None = None


class Pools(NamedTuple):
    """How many pools are known beforehand, and how the last look for more went."""

    known: int
    last: PoolRefresh | None


class Launches(NamedTuple):
    """Which new pools are looked for by the settings, how many are kept, and the watch that sees them."""

    wanted: str
    kept: int
    watch: LaunchWatch | None
    is_held: bool

    @property
    def state(self) -> str:
        """In words; where nobody watches, nothing is wanted, or no worker lives."""
        if not self.is_held or self.watch is None:
            return "not watching"
        return "subscribed" if self.watch.is_subscribed else "by lists alone"


class Look(NamedTuple):
    """What one look at all parts has found; no number of workers when Redis does not answer."""

    database: Database
    workers: int | None
    chain: ChainHealth
    pools: Pools | None
    launches: Launches | None = None

    @property
    def chain_text(self) -> str:
        """How the chain stands, in words."""
        if not self.chain.right_network:
            return "wrong network"
        return "ok" if self.chain.reachable else "unavailable"

    @property
    def is_well(self) -> bool:
        """Whether orders are accepted and need not wait."""
        database = self.database
        holds = database.refusal is None and database.trading_is_on and not database.not_taken
        return bool(holds and self.workers and self.chain_text == "ok")


def _switch(look: Look) -> str | None:
    is_on = look.database.trading_is_on
    return None if is_on is None else "on" if is_on else "off"


def _acceptance(look: Look) -> str:
    if look.database.refusal is not None:
        return f"the database: {look.database.refusal}"
    return "ok" if look.database.trading_is_on else "trading is switched off"


LIVENESS: Final = Message("Liveness", Field("status", constant("ok")))
CHECKS: Final = Message(
    "Checks",
    Field("database", TEXT, lambda look: "unavailable" if look.database.refusal else "ok", example="ok"),
    Field("acceptance", TEXT, _acceptance, "ok, or why orders are not accepted", example="ok"),
    Field("redis", TEXT, lambda look: "unavailable" if look.workers is None else "ok", example="ok"),
    Field("chain", TEXT, "chain_text", "ok, unavailable, wrong network", example="ok"),
    Field("chainAgeSeconds", INTEGER, "chain.age_seconds", "how long ago that was seen", example=0),
    Field("workers", INTEGER, lambda look: look.workers or 0, "alive", example=2),
    Field(
        "oldestDueOrderSeconds",
        nullable(INTEGER),
        "database.oldest_due_seconds",
        "how long it has waited for a worker",
        example=0,
    ),
    Field("trading", nullable(one_of(("on", "off"))), _switch, "the kill switch"),
    Field(
        "transactionsNotTaken",
        nullable(INTEGER),
        "database.not_taken",
        "under way, and refused by the node",
        example=0,
    ),
    Field("openOrders", nullable(INTEGER), "database.open_orders", "wait for their trigger", example=3),
    Field(
        "pairsWithoutPrice",
        nullable(INTEGER),
        "database.unpriced_pairs",
        "pairs of open orders; these wait",
        example=0,
    ),
    Field(
        "secondsWithoutPrice",
        nullable(INTEGER),
        "database.unpriced_seconds",
        "for how long the first of them has had none; 0 where all have one",
        example=0,
    ),
)
_POOLS: Final = Message(
    "KnownPools",
    Field("known", INTEGER, "known", "pools known beforehand", example=12),
    Field(
        "refreshedAt",
        nullable(INSTANT),
        lambda pools: timestamp(pools.last.refreshed_at) if pools.last else None,
        "when more were last looked for",
    ),
    Field(
        "error",
        nullable(TEXT),
        lambda pools: (pools.last.error_code or None) if pools.last else None,
        "why that failed",
        example=None,
    ),
)
_LAUNCHES: Final = Message(
    "LaunchWatch",
    Field("wanted", one_of(("all", "wanted", "off")), "wanted", "LAUNCHES", example="all"),
    Field(
        "state",
        one_of(("subscribed", "by lists alone", "not watching")),
        "state",
        "how new pools are seen now",
        example="subscribed",
    ),
    Field("kept", INTEGER, "kept", "new pools that are kept", example=3),
    Field(
        "seenSlot", nullable(INTEGER), lambda of: of.watch and of.watch.seen_slot, "the newest", example=17
    ),
    Field(
        "error",
        nullable(TEXT),
        lambda of: (of.watch.error_code or None) if of.watch else None,
        "why nodes do not list pools, or GAP: more happened than could be read",
        example=None,
    ),
)
NODE: Final = Message(
    "Node",
    Field("name", TEXT, "name", "host and port", example="127.0.0.1:8899"),
    Field("state", TEXT, "state.value", "ok, lagging, failing, wrong network, unknown", example="ok"),
    Field("slot", nullable(INTEGER), "slot", example=17),
    Field("slotsBehind", nullable(INTEGER), "slots_behind", example=0),
)
HEALTH: Final = Message(
    "Health",
    Field(
        "status",
        one_of(("ok", "degraded")),
        lambda look: "ok" if look.is_well else "degraded",
        "degraded: orders may wait, or are not accepted",
    ),
    Field("checks", ref(CHECKS), CHECKS.of),
    Field("slot", nullable(INTEGER), "chain.slot", "the chain's newest", example=17),
    Field("pools", nullable(ref(_POOLS)), lambda look: None if look.pools is None else _POOLS.of(look.pools)),
    Field(
        "launches",
        nullable(ref(_LAUNCHES)),
        lambda look: None if look.launches is None else _LAUNCHES.of(look.launches),
    ),
    Field("nodes", list_of(NODE), lambda look: [NODE.of(node) for node in look.chain.nodes]),
)
