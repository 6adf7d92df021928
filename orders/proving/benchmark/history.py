"""A long history of orders as the engine would have left it, written in bulk.

Order number n is older than number n-1, so that a longer history begins with the same newest orders
as a shorter one, and the same page can be measured in both.
"""

from __future__ import annotations

import random
import secrets
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import Model

from orders import gateway
from orders.lifecycle import AttemptState, FailureReason, OrderType, Status
from orders.models import Attempt, Order, OrderEvent
from orders.records import costs, sql

OWNER_PREFIX: Final = "history-"
HEAVY, LIGHT = f"{OWNER_PREFIX}heavy", f"{OWNER_PREFIX}light"
_OTHER_OWNERS: Final = 1_000
_CHUNK: Final = 5_000
# So many orders are drawn one by one; older ones repeat the last of them.
_VARIED: Final = 20_000
_STEP: Final = timedelta(seconds=20)
# Of a thousand orders: how they ended, which pair they were for.
_ENDINGS: Final = ((Status.CONFIRMED, 900), (Status.FAILED, 80), (Status.CANCELLED, 12), (Status.EXPIRED, 8))
_PAIRS: Final = (
    *((("SOL", "USDC"), 550), (("USDC", "SOL"), 300), (("JUP", "SOL"), 100)),
    *((("SOL", "USDT"), 49), (("BONK", "SOL"), 1)),
)
_LIMIT_ORDERS: Final = 0.0005
# The newest orders are still under way, one of this many.
_UNFINISHED: Final = (Status.PENDING, Status.ROUTING, Status.BUILDING, Status.SUBMITTED)
_UNFINISHED_AMONG: Final = 100
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_OFFER: Final = {
    "pool": "7YttLkHDoNj9wyDur5pM1ejNaAvT9X4eqaYcHQqtj2G5",
    "amountOut": "164.718348",
    "minAmountOut": "163.894756",
    "price": "164.718348",
    "priceImpactBps": 1,
    "fee": "0.0025",
    "feeToken": "SOL",
}
_WAY: Final = (Status.PENDING, Status.ROUTING, Status.BUILDING, Status.SUBMITTED)


class NotOurs(RuntimeError):
    """The database holds orders that no benchmark made."""


@dataclass(frozen=True, slots=True)
class _Draft:
    order: Order
    statuses: tuple[Status, ...]
    signature: str


def require_own() -> None:
    """Raise NotOurs when the database has tables with an order of somebody else."""
    if Order._meta.db_table not in connection.introspection.table_names():
        return
    users = get_user_model().objects.exclude(username__startswith=OWNER_PREFIX)
    if any(Order.objects.filter(user_id=pk).exists() for pk in users.values_list("pk", flat=True)):
        raise NotOurs("this database holds orders of its own")


def fill(total: int, newest: datetime, *, all_ended: bool = False) -> None:
    """Add orders until there are ``total``, the first of them placed at ``newest``.

    Unless they have ``all_ended``, some of the newest are still under way.
    """
    owners, draw = _owners(), random.Random(total)  # noqa: S311 -- a repeatable history, no secret
    block: _Block | None = None
    for start in range(Order.objects.count(), total, _CHUNK):
        size = min(_CHUNK, total - start)
        if start < _VARIED or block is None or size != _CHUNK:
            numbers = range(start, start + size)
            drafts = [_draft(n, newest - n * _STEP, owners, draw, all_ended) for n in numbers]
            block = _Block(drafts)
        else:
            block.repeat(start, newest - start * _STEP)
        with transaction.atomic():
            block.write()


def settle() -> None:
    """Have statistics gathered, which PostgreSQL does by itself after a while, and SQLite does not."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")


class _Block:
    """The rows of some orders, ready to be written, and again as other orders at another time.

    Making a row with the ORM costs more than writing it, so most of a long history are repetitions.
    """

    def __init__(self, drafts: Sequence[_Draft]) -> None:
        self._placed = drafts[0].order.created_at
        self._rows: dict[type[Model], list[list[Any]]] = {
            Order: sql.insert_values(draft.order for draft in drafts),
            Attempt: sql.insert_values(each for draft in drafts for each in _attempts(draft)),
            OrderEvent: sql.insert_values(each for draft in drafts for each in _events(draft)),
        }

    def write(self) -> None:
        """Insert the rows as they stand."""
        for model, rows in self._rows.items():
            _write(model, rows)

    def repeat(self, start: int, placed: datetime) -> None:
        """Turn the rows into those of as many other orders, of which the newest is number ``start``."""
        ids: dict[Any, Any] = {}
        signatures = {"": ""}
        shift, self._placed = placed - self._placed, placed
        for model, rows in self._rows.items():
            names = sql.columns(model)
            renewed = [
                (place, _renewal(name, ids, signatures, shift))
                for place, name in enumerate(names)
                if name in {"id", "order_id", "signature"} or name.endswith("_at")
            ]
            key = names.index("client_order_id") if "client_order_id" in names else None
            for number, row in enumerate(rows, start=start):
                for place, renew in renewed:
                    row[place] = renew(row[place])
                if key is not None and row[key] is not None:
                    row[key] = f"history-{number}"


def _renewal(name: str, ids: dict[Any, Any], signatures: dict[str, str], shift: timedelta) -> Any:
    if name.endswith("_at"):
        return lambda moment: _shifted(moment, shift)
    if name == "signature":
        return lambda old: signatures.setdefault(old, secrets.token_hex(44).replace("0", "z")) if old else ""
    return lambda old: ids.setdefault(old, _new_id(old))


def _new_id(old: Any) -> Any:
    # SQLite keeps ids as text.
    return uuid.uuid4().hex if isinstance(old, str) else uuid.uuid4()


def _shifted(moment: Any, shift: timedelta) -> Any:
    if moment is None:
        return None
    if isinstance(moment, str):
        return str(datetime.fromisoformat(moment) + shift)
    return moment + shift


def trade_safety_for_speed() -> None:
    """Do not wait for the disk on this connection: a history is made again when it is lost."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET synchronous_commit TO off")
        else:
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.execute("PRAGMA cache_size=-1000000")


def _owners() -> Sequence[int]:
    """Keys of the users: of a thousand orders 600 are the first one's and 10 the second one's."""
    names = [HEAVY, LIGHT, *(f"{OWNER_PREFIX}{number}" for number in range(_OTHER_OWNERS))]
    users = get_user_model().objects
    users.bulk_create([get_user_model()(username=name) for name in names], ignore_conflicts=True)
    keys = dict(users.filter(username__in=names).values_list("username", "pk"))
    return [keys[name] for name in names]


def _draft(number: int, at: datetime, owners: Sequence[int], draw: random.Random, all_ended: bool) -> _Draft:
    share = draw.random()
    owner = owners[0] if share < 0.6 else owners[1] if share < 0.61 else draw.choice(owners[2:])
    unfinished = not all_ended and number < 40 * _UNFINISHED_AMONG and number % _UNFINISHED_AMONG == 0
    status = draw.choice(_UNFINISHED) if unfinished else _weighted(_ENDINGS, draw)
    way = _WAY[: _WAY.index(status) + 1] if unfinished else (*_way_to(status), status)
    signature = _text(draw, 88) if Status.SUBMITTED in way else ""
    symbols = _weighted(_PAIRS, draw)
    order = _order(uuid.UUID(int=draw.getrandbits(128), version=4), owner, at, symbols)
    order.type = OrderType.LIMIT if draw.random() < _LIMIT_ORDERS else OrderType.MARKET
    order.client_order_id = f"history-{number}" if number % 2 else None
    order.status, order.version, order.signature = status, len(way), signature
    _give_outcome(order, draw.choice(("raydium", "meteora")), at)
    return _Draft(order, way, signature)


def _way_to(ending: Status) -> tuple[Status, ...]:
    return {Status.CANCELLED: _WAY[:1], Status.EXPIRED: _WAY[:2], Status.FAILED: _WAY[:3]}.get(ending, _WAY)


def _order(order_id: uuid.UUID, owner: int, at: datetime, symbols: tuple[str, str]) -> Order:
    token_in, token_out = (str(gateway.find_token(symbol).mint) for symbol in symbols)
    return Order(
        id=order_id,
        user_id=owner,
        request_hash="0" * 64,
        network="localnet",
        wallet=token_in,
        token_in=token_in,
        token_out=token_out,
        amount_in=1_000_000_000,
        slippage_bps=50,
        due_at=at,
        created_at=at,
        updated_at=at + timedelta(milliseconds=400),
    )


def _give_outcome(order: Order, dex: str, at: datetime) -> None:
    if order.version > len(_WAY[:2]):
        order.dex, order.venue = dex, "raydium-cpmm" if dex == "raydium" else "meteora-damm-v2"
        order.pool, order.lp_fee_mint, order.lp_fee = order.wallet, order.token_in, 2_500_000
        order.quoted_amount_out, order.min_amount_out = 164_718_348, 163_894_756
    if order.status == Status.CONFIRMED:
        order.executed_amount_in, order.executed_amount_out = order.amount_in, 164_718_348
        order.network_fee, order.priority_fee, order.slot, order.attempt = 5_000, 0, 131, 1
        order.confirmed_at = at + timedelta(milliseconds=400)
        order.finalized_at = at + timedelta(seconds=14)
    if order.status == Status.SUBMITTED:
        order.attempt = 1
    if order.status == Status.FAILED:
        order.error_code = FailureReason.SLIPPAGE_EXCEEDED.value


def _attempts(draft: _Draft) -> Iterator[Attempt]:
    if draft.signature:
        is_open = draft.order.status == Status.SUBMITTED
        yield Attempt(
            order_id=draft.order.pk,
            number=1,
            signature=draft.signature,
            signed_transaction=b"\x01" * 500,
            blockhash=draft.order.wallet,
            last_valid_block_height=281,
            venue=draft.order.venue,
            state=AttemptState.OPEN if is_open else AttemptState.LANDED,
            sends=1,
            slot=None if is_open else 131,
            **({} if is_open else dict.fromkeys(costs.COLUMNS, 0) | {"network_fee": 5_000}),
            created_at=draft.order.created_at,
        )


def _events(draft: _Draft) -> Iterator[OrderEvent]:
    order = draft.order
    for sequence, status in enumerate(draft.statuses, start=1):
        at = order.created_at + timedelta(milliseconds=80 * (sequence - 1))
        data = _facts(draft, status)
        yield OrderEvent(order_id=order.pk, sequence=sequence, status=status.value, at=at, data=data)


def _facts(draft: _Draft, status: Status) -> dict[str, Any]:
    order = draft.order
    chosen = {"dex": order.dex, "venue": order.venue}
    match status:
        case Status.BUILDING:
            other = "meteora" if order.dex == "raydium" else "raydium"
            losing = {"dex": other, "venue": f"{other}-other", **_OFFER, "amountOut": "164.502113"}
            return {**chosen, **_OFFER, "quotes": [losing]}
        case Status.SUBMITTED:
            return {**chosen, "txHash": draft.signature, "attempt": 1}
        case Status.CONFIRMED:
            received = {"executedAmountOut": "164.718348", "executedPrice": "164.718348"}
            return {**chosen, "txHash": draft.signature, "slot": 131, "executedAmountIn": "1", **received}
        case Status.FAILED:
            reason = FailureReason.SLIPPAGE_EXCEEDED
            return {"code": reason.value, "error": str(reason.label)}
    return {}


def _write(model: type[Model], values: Sequence[list[Any]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.executemany(sql.insert(model), values)
            return
        with cursor.copy(sql.copy(model)) as copy:
            for row in values:
                copy.write_row(row)


def _weighted(choices: Sequence[tuple[Any, int]], draw: random.Random) -> Any:
    return draw.choices([what for what, _ in choices], [weight for _, weight in choices])[0]


def _text(draw: random.Random, length: int) -> str:
    return "".join(draw.choices(_BASE58, k=length))
