"""The order's life as data: statuses, reasons, and which step may follow which.

``TRANSITIONS`` is the only source. The database constraint, the journal, the admin, the
diagram in the README and the tests all read it. Nothing here queries Django's ORM.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from django.db.models import TextChoices


class OrderType(TextChoices):
    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TAKE_PROFIT = "take_profit"
    TRAILING_STOP = "trailing_stop"
    DCA = "dca"
    SNIPER = "sniper"


# These wait at `open` for their trigger, each with a row of it.
WAITING_TYPES: Final[frozenset[OrderType]] = frozenset(
    {
        OrderType.LIMIT,
        OrderType.STOP,
        OrderType.STOP_LIMIT,
        OrderType.TAKE_PROFIT,
        OrderType.TRAILING_STOP,
    }
)
# Once these have fired they are tried until they are filled, whatever the price does meanwhile.
FIRED_FOR_GOOD: Final[frozenset[OrderType]] = frozenset(
    {OrderType.STOP, OrderType.TAKE_PROFIT, OrderType.TRAILING_STOP}
)
# What they trade in moves fast: every moment costs them.
IN_A_HURRY: Final = FIRED_FOR_GOOD | {OrderType.SNIPER}


class TimeInForce(TextChoices):
    """For how long a limit order is tried. An order is filled whole or not at all, so `fok` is `ioc`."""

    GTC = "gtc", "until it is cancelled"
    GTD = "gtd", "until its expiry"
    IOC = "ioc", "one try, at once"
    FOK = "fok", "one try, at once"


# One try and no waiting.
AT_ONCE: Final[frozenset[TimeInForce]] = frozenset({TimeInForce.IOC, TimeInForce.FOK})


class GroupKind(TextChoices):
    """What ties orders: one of two, an entry and its exits, rounds of one amount, purchases of a budget."""

    OCO = "oco"
    BRACKET = "bracket"
    DCA = "dca"
    LAUNCH = "launch"


class GroupRole(TextChoices):
    """What an order is to its group."""

    NONE = "", ""
    ENTRY = "entry"
    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"
    SCHEDULE = "schedule"
    ROUND = "round"
    BUDGET = "budget"
    PURCHASE = "purchase"


class Status(TextChoices):
    PENDING = "pending"
    OPEN = "open"
    ROUTING = "routing"
    BUILDING = "building"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class AttemptState(TextChoices):
    OPEN = "open"
    LANDED = "landed"
    FAILED_ONCHAIN = "failed_onchain"
    EXPIRED = "expired"


class SendAnswer(TextChoices):
    """What the node said to an attempt's bytes. None of it says whether they have landed."""

    ACCEPTED = "accepted"
    ALREADY_PROCESSED = "already_processed"
    # The node has judged the bytes and does not pass them on.
    REFUSED = "refused"
    UNKNOWN = "unknown"


# The bytes are on their way as far as a node can say.
TAKEN: Final[frozenset[SendAnswer]] = frozenset({SendAnswer.ACCEPTED, SendAnswer.ALREADY_PROCESSED})


class FailureReason(TextChoices):
    """Why an order failed or is tried again. Values are stable codes of the API."""

    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS", "The wallet does not hold enough for this order"
    CAP_REACHED = "CAP_REACHED", "A cap on what may be sold in a day is reached"
    NO_ROUTE = "NO_ROUTE", "No pool trades this pair"
    PRICE_IMPACT_TOO_HIGH = "PRICE_IMPACT_TOO_HIGH", "The order would move the price too far"
    PRICE_OUT_OF_LINE = "PRICE_OUT_OF_LINE", "Other pools pay much more for this"
    AMOUNT_TOO_SMALL = "AMOUNT_TOO_SMALL", "Fees and rounding leave nothing of this amount"
    INSUFFICIENT_LIQUIDITY = "INSUFFICIENT_LIQUIDITY", "The pools hold less than this order asks for"
    SLIPPAGE_EXCEEDED = "SLIPPAGE_EXCEEDED", "The price moved past the allowed slippage"
    POOL_DISABLED = "POOL_DISABLED", "The pool does not accept swaps now"
    UNSUPPORTED_POOL = "UNSUPPORTED_POOL", "The pools of this pair ask for what is not executed here"
    ROUTING_FAILED = "ROUTING_FAILED", "DEX routing failed"
    CHAIN_UNAVAILABLE = "CHAIN_UNAVAILABLE", "The Solana node gave no usable answer"
    ACCOUNT_FROZEN = "ACCOUNT_FROZEN", "A token account of the swap is frozen"
    TOKEN_REFUSED = "TOKEN_REFUSED", "The token cannot be swapped safely"
    TRANSFER_REFUSED = "TRANSFER_REFUSED", "The token does not let itself be transferred now"
    PROGRAM_REFUSED = "PROGRAM_REFUSED", "The pool's program takes no swaps"
    COMPUTE_EXCEEDED = "COMPUTE_EXCEEDED", "The transaction needed more than it may compute"
    TRANSACTION_FAILED = "TRANSACTION_FAILED", "The transaction failed on chain"
    TRANSACTION_EXPIRED = "TRANSACTION_EXPIRED", "The transaction expired before it landed"
    FORK_DROPPED = "FORK_DROPPED", "The block that held the transaction was dropped"
    POLICY_VIOLATION = "POLICY_VIOLATION", "The signer refused the transaction"
    WALLET_UNAVAILABLE = "WALLET_UNAVAILABLE", "The wallet's key could not be used"
    TOO_MANY_STARTS = "TOO_MANY_STARTS", "Work on this order broke off too often"
    WOULD_TRIGGER_NOW = "WOULD_TRIGGER_NOW", "The price is beyond the trigger already"
    PRICE_GUARD = "PRICE_GUARD", "The price is far from that of the last minutes"
    NO_ROUND_FILLED = "NO_ROUND_FILLED", "None of its rounds was filled"
    NO_LAUNCH_BOUGHT = "NO_LAUNCH_BOUGHT", "None of its purchases was filled"
    SIBLING_FIRED = "SIBLING_FIRED", "The other order of its group has fired"
    INTERNAL = "INTERNAL", "Something unexpected went wrong"


# Asking again cannot repair these: the order fails at once.
TERMINAL_REASONS: Final[frozenset[FailureReason]] = frozenset(
    {
        FailureReason.INSUFFICIENT_FUNDS,
        FailureReason.CAP_REACHED,
        FailureReason.NO_ROUTE,
        FailureReason.PRICE_IMPACT_TOO_HIGH,
        FailureReason.PRICE_OUT_OF_LINE,
        FailureReason.AMOUNT_TOO_SMALL,
        FailureReason.INSUFFICIENT_LIQUIDITY,
        FailureReason.UNSUPPORTED_POOL,
        FailureReason.ACCOUNT_FROZEN,
        FailureReason.TOKEN_REFUSED,
        FailureReason.TRANSFER_REFUSED,
        FailureReason.PROGRAM_REFUSED,
        FailureReason.POLICY_VIOLATION,
        FailureReason.TOO_MANY_STARTS,
    }
)

# What a transaction failed with on chain that another pool may do without: not the price, not the wallet.
POOLS_OWN: Final[frozenset[FailureReason]] = frozenset(
    {
        FailureReason.POOL_DISABLED,
        FailureReason.ACCOUNT_FROZEN,
        FailureReason.TRANSFER_REFUSED,
        FailureReason.PROGRAM_REFUSED,
        FailureReason.TRANSACTION_FAILED,
    }
)

# What an order that waits cannot cure by waiting: it fails.
HOPELESS_REASONS: Final[frozenset[FailureReason]] = frozenset(
    {
        FailureReason.POLICY_VIOLATION,
        FailureReason.TOO_MANY_STARTS,
        FailureReason.ACCOUNT_FROZEN,
        FailureReason.UNSUPPORTED_POOL,
        FailureReason.AMOUNT_TOO_SMALL,
        FailureReason.WOULD_TRIGGER_NOW,
    }
)
# Seconds before an open order is tried again after a failed attempt: 1, 2, 4, ... up to this.
MOST_REST_SECONDS: Final = 60

# Seconds before the first, second and third retry; after the third the order fails.
RETRY_DELAYS_SECONDS: Final[tuple[int, ...]] = (1, 2, 4)
# What is tried again as often as it takes, at most this far apart, within the order's expiry. An order
# without one ends when it has waited for so long.
NODE_RETRY_SECONDS: Final = 4
NODE_WAIT_SECONDS: Final = 300

_END: Final = (Status.FAILED, Status.EXPIRED)

TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = {
    Status.PENDING: frozenset({Status.OPEN, Status.ROUTING, Status.CANCELLED, *_END}),
    # open -> open: amended, or held back with a reason.
    # open -> confirmed: a schedule whose rounds have all ended, one of them confirmed at least.
    Status.OPEN: frozenset({Status.OPEN, Status.ROUTING, Status.CONFIRMED, Status.CANCELLED, *_END}),
    # routing -> routing: a retry after a failed quote or a failed attempt is a step of its own.
    # routing, building, submitted -> open: an order that waits, whose limit is out of reach again.
    Status.ROUTING: frozenset({Status.OPEN, Status.ROUTING, Status.BUILDING, *_END}),
    # building -> building: a quote that grew old before it was signed is made again.
    # building -> routing: building failed, or trading was switched off; a fresh quote comes first.
    Status.BUILDING: frozenset({Status.OPEN, Status.BUILDING, Status.ROUTING, Status.SUBMITTED, *_END}),
    # submitted -> routing: the chain proved that this attempt cannot land, or that it failed.
    # submitted -> expired: it proved so after the order's own expiry.
    Status.SUBMITTED: frozenset({Status.OPEN, Status.ROUTING, Status.CONFIRMED, *_END}),
    # confirmed -> submitted: the fork that held the transaction was dropped before finality.
    Status.CONFIRMED: frozenset({Status.SUBMITTED}),
    Status.FAILED: frozenset(),
    # cancelled -> open: one of two, whose sibling's transaction has been proven to have moved nothing.
    Status.CANCELLED: frozenset({Status.OPEN}),
    Status.EXPIRED: frozenset(),
}

# The network of an order that was completed without a transaction.
PAPER: Final = "paper"


class ResumedBy(Enum):
    """Who takes an order on from where it stands."""

    TASKS = "tasks"
    POLLER = "poller"
    TRIGGER = "trigger"
    FINALITY = "finality"
    NOTHING = "nothing"


class WaitsFor(TextChoices):
    """What an order waits for; its moment is ``due_at``."""

    WORKER = "", "A worker"
    RETRY = "retry", "Its next try"
    NODE = "node", "A node that answers"
    # Of an open order: the wallet does not hold what it sells.
    FUNDS = "funds", "Funds in the wallet"
    # No moment ever comes for these two: somebody has to decide.
    PARKED = "parked", "Somebody to look at it: it has swapped by another record"
    SET_APART = "set_apart", "Somebody to look at it: work on it kills workers"


@dataclass(frozen=True, slots=True)
class Stage:
    """How an order that stands at a status gets on: by whom, and for TASKS by which chain of tasks."""

    resumed_by: ResumedBy
    tasks: tuple[str, ...] = ()


_ROUTE: Final = ("orders.route_orders", "orders.build_orders", "orders.submit_orders")

# The only list of who resumes what: dispatch, sweeper, restore and metrics read it.
STAGES: Final[Mapping[Status, Stage]] = {
    Status.PENDING: Stage(ResumedBy.TASKS, _ROUTE),
    Status.OPEN: Stage(ResumedBy.TRIGGER),
    Status.ROUTING: Stage(ResumedBy.TASKS, _ROUTE),
    Status.BUILDING: Stage(ResumedBy.TASKS, _ROUTE[1:]),
    Status.SUBMITTED: Stage(ResumedBy.POLLER),
    Status.CONFIRMED: Stage(ResumedBy.FINALITY),
    Status.FAILED: Stage(ResumedBy.NOTHING),
    Status.CANCELLED: Stage(ResumedBy.NOTHING),
    Status.EXPIRED: Stage(ResumedBy.NOTHING),
}


def resumed_by(*resumers: ResumedBy) -> tuple[Status, ...]:
    """The statuses whose orders one of ``resumers`` takes on, in the order of `Status`."""
    return tuple(status for status in Status if STAGES[status].resumed_by in resumers)


# By a chain of tasks: nothing of theirs is on its way to the chain yet, or only its sending is left.
BY_TASKS: Final[tuple[Status, ...]] = resumed_by(ResumedBy.TASKS)
# A client's stream ends with these.
FINAL: Final[frozenset[Status]] = frozenset(resumed_by(ResumedBy.FINALITY, ResumedBy.NOTHING))
# Work that a worker must see to. `open` waits for its trigger, not for a worker.
ACTIVE: Final[frozenset[Status]] = frozenset(resumed_by(ResumedBy.TASKS, ResumedBy.POLLER))
# What waits for its trigger.
WAITING: Final[frozenset[Status]] = frozenset(resumed_by(ResumedBy.TRIGGER))
# What has not ended, waiting for a trigger or under work.
UNFINISHED: Final[frozenset[Status]] = ACTIVE | WAITING
CANCELLABLE: Final[frozenset[Status]] = frozenset({Status.PENDING, Status.OPEN})


def may_follow(current: Status, target: Status) -> bool:
    """Whether an order at ``current`` may go to ``target``."""
    return target in TRANSITIONS[current]


def retry_delay_seconds(retries_done: int) -> int | None:
    """Seconds to wait before the next retry, or None when there is none left."""
    return RETRY_DELAYS_SECONDS[retries_done] if retries_done < len(RETRY_DELAYS_SECONDS) else None
