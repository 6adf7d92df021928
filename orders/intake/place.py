"""Where an order enters: check it, write it with its first event, hand it to the dispatcher.

Nothing here waits for Redis or the chain, but for a token that nobody has named before: its decimals are read
once. What else needs the chain is judged by a worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError
from django.utils import timezone

from dex.types import Token
from orders import gateway
from orders.amounts import amount_at_price, decimal_text, to_base_units
from orders.errors import (
    DatabaseUnavailable,
    IdempotencyMismatch,
    InvalidRequest,
    OrderError,
    SameToken,
    TooManyRequests,
    TradingHalted,
    UnsupportedOrderType,
    WouldTriggerNow,
)
from orders.intake import exact_output, group_commit, limits, order_rate, sniping, waiting
from orders.intake.named_amounts import named
from orders.intake.request_hash import request_hash
from orders.intake.route_bounds import bounds_of
from orders.lifecycle import OrderType
from orders.models import ANYTHING, Order
from orders.platform import database_trouble
from orders.records import routes
from orders.records.new_rows import new_row
from orders.records.thresholds import Decimals
from orders.telemetry import hooks
from orders.telemetry.request_ids import bound_request_id
from orders.wire.request_fields import AUTO, spelling
from orders.wire.request_terms import BRACKET, BUYERS_WAY, OCO
from orders.wire.requests import OrderIntent

# A request that is refused so may be one that was accepted before.
_MAY_BE_REPEATED = (IntegrityError, InvalidRequest, TooManyRequests, TradingHalted, WouldTriggerNow)
_TYPES = frozenset(kind.value for kind in OrderType)


@dataclass(frozen=True, slots=True)
class Placed:
    """The order, and whether it was there before under the same key."""

    order: Order
    replayed: bool


def place_order(user: AbstractBaseUser, intent: OrderIntent) -> Placed:
    """Accept an order, or find the one that the same key made before.

    Raises the refusals of `orders.errors`: InvalidAmount, UnknownToken, SameToken,
    UnsupportedOrderType, InvalidRequest, IdempotencyMismatch, OrderTooLarge,
    TokenRefused, TooManyRequests, TradingHalted; ChainUnavailable for a token that had to be read.
    """
    [outcome] = place_orders(user, [intent])
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def place_orders(user: AbstractBaseUser, intents: Sequence[OrderIntent]) -> list[Placed | BaseException]:
    """Accept orders in one commit. Each stands for itself: what `place_order` returns or raises for it."""
    tokens = gateway.named_tokens([name for each in intents for name in (each.token_in, each.token_out)])
    orders = [_new_or_refusal(user, intent, tokens) for intent in intents]
    written = iter(write_orders([order for order in orders if isinstance(order, Order)]))
    return [next(written) if isinstance(order, Order) else order for order in orders]


def write_orders(orders: Sequence[Order]) -> list[Placed | BaseException]:
    """Write new orders, of any users, in one commit; for each what `place_order` returns or raises."""
    return [_placed(order, refusal) for order, refusal in zip(orders, _write(orders), strict=True)]


def _new_or_refusal(user: AbstractBaseUser, intent: OrderIntent, tokens: gateway.Named) -> Order | OrderError:
    try:
        return new_order(user, intent, tokens)
    except OrderError as refusal:
        return refusal


def _placed(order: Order, refusal: BaseException | None) -> Placed | BaseException:
    if refusal is None:
        hooks.accepted(order)
        return Placed(order, replayed=False)
    if isinstance(refusal, _MAY_BE_REPEATED):
        # A repeated request makes no order: it is answered also where a new one would be refused.
        try:
            earlier = _earlier_order(order)
        except IdempotencyMismatch as mismatch:
            return mismatch
        return refusal if earlier is None else Placed(earlier, replayed=True)
    return _late() if isinstance(refusal, TimeoutError) else refusal


def _late() -> DatabaseUnavailable:
    return DatabaseUnavailable(reason=database_trouble.in_words(TimeoutError()))


def _write(orders: Sequence[Order]) -> list[BaseException | None]:
    """Write them together; for each why it was not written, or None."""
    refusals = _refused_before(orders)
    good = [order for order in orders if order.pk not in refusals]
    written = group_commit.write_all(good, group_commit.WRITE_TIMEOUT_SECONDS)
    refusals |= dict(zip([order.pk for order in good], written, strict=True))
    return [refusals[order.pk] for order in orders]


def _refused_before(orders: Sequence[Order]) -> dict[UUID, BaseException | None]:
    """Why orders need not be written at all: no room, expired, or a trigger that would fire."""
    full = {user_id: refusal for user_id in {o.user_id for o in orders} if (refusal := _no_room(user_id))}
    firing = waiting.refusals_at_once([order for order in orders if order.user_id not in full])
    reasons = {o.pk: full.get(o.user_id) or _expiry_refusal(o) or firing.get(o.pk) for o in orders}
    return {order_id: reason for order_id, reason in reasons.items() if reason is not None}


def _no_room(user_id: int) -> TooManyRequests | None:
    try:
        order_rate.require_room(user_id)
    except TooManyRequests as refusal:
        return refusal
    return None


def _named_token(tokens: gateway.Named, name: str) -> Token:
    found = tokens[name]
    if isinstance(found, OrderError):
        raise type(found)(found.message, **found.details)
    return found


def new_order(user: AbstractBaseUser, intent: OrderIntent, tokens: gateway.Named) -> Order:
    """An order that is not written yet; ``tokens`` has both that it names. Raises as `place_order`."""
    order_type = _known_type(intent.type)
    token_in = _named_token(tokens, intent.token_in)
    mint_out, decimals_out = _bought(order_type, intent, tokens)
    if str(token_in.mint) == mint_out:
        raise SameToken()
    now = timezone.now()
    order = new_row(
        Order,
        user_id=user.pk,
        client_order_id=intent.client_order_id,
        type=order_type,
        network=settings.SOLANA_NETWORK,
        wallet=settings.WALLET_ADDRESS,
        request_id=bound_request_id(),
        token_in=str(token_in.mint),
        token_out=mint_out,
        slippage_bps=limits.slippage(intent.slippage_bps),
        slippage_is_auto=intent.slippage_bps == AUTO,
        max_price_impact_bps=limits.max_price_impact(intent.max_price_impact_bps),
        max_cost_bps=limits.max_cost(intent.max_cost_bps),
        limit_price=decimal_text(intent.limit_price),
        route_bounds=routes.bounds_column(bounds_of(intent)),
        expires_at=intent.expires_at,
        due_at=now,
        created_at=now,
        updated_at=now,
    )
    waiting.require_fitting(order_type, intent)
    if exact_output.is_asked_for(intent):
        exact_output.fill_in(order, intent, token_in.decimals, decimals_out)
    else:
        order.amount_in = _amount_in(intent, token_in.decimals)
        order.floor_amount_out = _floor(order.amount_in, intent, token_in.decimals, decimals_out)
    if order.bound_amount_in is not None:
        gateway.require_within_cap(token_in, order.bound_amount_in)
    order.request_hash = request_hash(order, intent)
    waiting.prepare(order, intent, Decimals(token_in.decimals, decimals_out))
    return order


def _bought(kind: OrderType, intent: OrderIntent, tokens: gateway.Named) -> tuple[str, int]:
    """The mint that is bought and its decimals; `ANYTHING` has none."""
    if sniping.is_for_any_token(kind, intent):
        return ANYTHING, 0
    token = _named_token(tokens, intent.token_out)
    return str(token.mint), token.decimals


def _known_type(text: str) -> OrderType:
    spelt = spelling(text)
    if spelt in _TYPES and (spelt != OrderType.SNIPER or sniping.is_on()):
        return OrderType(spelt)
    accepted = sorted(kind for kind in _TYPES if kind != OrderType.SNIPER or sniping.is_on())
    if spelt in _TYPES:
        raise UnsupportedOrderType(type=spelt, accepted=accepted)
    of_class = f"; {spelt} is an orderClass" if spelt in (OCO, BRACKET) else ""
    raise InvalidRequest("The order type is not known", type=f"one of {', '.join(accepted)}{of_class}")


def _amount_in(intent: OrderIntent, decimals: int) -> int:
    if intent.amount_raw is not None:
        return intent.amount_raw
    if intent.amount is None:
        raise InvalidRequest("An amount is missing", amountIn="required")
    return to_base_units(intent.amount, decimals)


def _floor(amount_in: int, intent: OrderIntent, decimals_in: int, decimals_out: int) -> int | None:
    """The least that the client allows, in base units of the token out; None leaves it to the first quote."""
    given: dict[str, int] = {}
    if intent.min_amount_out_raw is not None:
        given["minAmountOutRaw"] = intent.min_amount_out_raw
    if intent.min_amount_out is not None:
        given["minAmountOut"] = named("minAmountOut", to_base_units, intent.min_amount_out, decimals_out)
    if intent.limit_price is not None:
        price = intent.limit_price
        amounts = amount_in, decimals_in, price, decimals_out
        inverted = intent.price_of == BUYERS_WAY
        given["limitPrice"] = named("limitPrice", amount_at_price, *amounts, inverted=inverted)
    return max(given.values(), default=None)


def _expiry_refusal(order: Order) -> InvalidRequest | None:
    if order.expires_at is None or order.expires_at > order.created_at:
        return None
    return InvalidRequest("The expiry lies in the past", expiresAt="must lie ahead")


def _earlier_order(order: Order) -> Order | None:
    if order.client_order_id is None:
        return None
    earlier = Order.objects.filter(user_id=order.user_id, client_order_id=order.client_order_id).first()
    if earlier is not None and earlier.request_hash != order.request_hash:
        raise IdempotencyMismatch()
    return earlier
