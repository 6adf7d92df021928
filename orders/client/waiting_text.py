"""What an order waits for, in words for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_BPS_A_PERCENT: Final = 100
Wire = Mapping[str, Any]


def terms_text(order: Wire) -> str:
    """The kind of an order and the bounds that its owner set."""
    kind = order.get("type", "market")
    if kind == "market":
        return f"slippage up to {order['slippageBps']} bps"
    if order.get("schedule"):
        return _schedule_text(order["schedule"])
    if order.get("sniping"):
        return _sniping_text(order["sniping"])
    limit = f" at {order['limitPrice']} or better" if order.get("limitPrice") else ""
    at_once = f", {order['timeInForce']}" if order.get("timeInForce") in ("ioc", "fok") else ""
    until = f", until {order['expiresAt']}" if order.get("expiresAt") else ""
    return f"{kind}{limit}{at_once}{until}"


def _schedule_text(schedule: Wire) -> str:
    coming, last = schedule["nextRound"], schedule["lastRound"]
    if coming > last:
        return f"dca, all {last} rounds placed"
    when = "paused" if schedule["paused"] else f"at {schedule['nextAt']}"
    return f"dca, round {coming} of {last} {when}"


def _sniping_text(sniping: Wire) -> str:
    """What a sniper order waits for, or how many a budget has placed."""
    if sniping.get("maxOrders") is not None:
        return f"sniper, {sniping['placed']} of {sniping['maxOrders']} purchases placed"
    why = sniping.get("why")
    return f"sniper, waits: {why[0].lower()}{why[1:]}" if why else "sniper"


def waits_text(trigger: Wire, order: Wire) -> str:
    """What fires an order, in amounts of its own size."""
    sold, bought = f"{order['amountIn']} {order['tokenIn']}", order["tokenOut"]
    above, below = trigger.get("firesAtOrAbove"), trigger.get("firesAtOrBelow")
    if order.get("swapMode") == "exactOut":
        return f"fires when it costs {below} {order['tokenIn']} or less"
    if "trailBps" in trigger:
        return _trailing_text(trigger, order)
    brings = f"fires when {sold} bring {above if above else below} {bought} or {'more' if above else 'less'}"
    return brings + _confirmations_text(trigger)


def _trailing_text(trigger: Wire, order: Wire) -> str:
    percent = f"{trigger['trailBps'] / _BPS_A_PERCENT:g} %"
    if "watermark" not in trigger:
        begins = f", from a price of {trigger['activationPrice']} on" if "activationPrice" in trigger else ""
        return f"fires {percent} below the best price from now on{begins}{_confirmations_text(trigger)}"
    return (
        f"fires when {order['amountIn']} {order['tokenIn']} bring {trigger['firesAtOrBelow']} "
        f"{order['tokenOut']} or less, {percent} below {trigger['watermark']}{_confirmations_text(trigger)}"
    )


def _confirmations_text(trigger: Wire) -> str:
    slots = trigger.get("confirmations", 1)
    return "" if slots == 1 else f", in {slots} slots in a row"


def open_text(event: Wire, order: Wire) -> str:
    """What an `open` event says: what it waits for, or why it was not filled; of rounds, what became."""
    if event.get("schedule"):
        return _round_text(event)
    if event.get("launchMint"):
        return f"buys {event['launchMint']} by order {event['launchOrderId']}"
    if event.get("sniping"):
        return str(event["sniping"].get("why") or "looks for new pools")
    if "error" not in event:
        fired = f"{fired_text(event, order)}; from now on " if "slot" in event else ""
        return fired + (waits_text(event["trigger"], order) if event.get("trigger") else "")
    again = f", tried again in {event['retryInMs']} ms" if "retryInMs" in event else ""
    cost = f"; in vain so far: {event['costLamports']} lamports" if "costLamports" in event else ""
    return f"{event['error']} ({event['code']}){again}{cost}"


def _round_text(event: Wire) -> str:
    if "round" in event:
        return f"round {event['round']} of {event['schedule']['lastRound']} is order {event['roundOrderId']}"
    if "skippedRounds" in event:
        rounds = event["skippedRounds"]
        named = f"round {rounds[0]}" if len(rounds) == 1 else f"rounds {rounds[0]} to {rounds[-1]}"
        return f"{named} skipped ({event['skippedBecause']})"
    return _schedule_text(event["schedule"])


def fired_text(event: Wire, order: Wire) -> str:
    """What the `routing` event of an order that has waited says: the slot, and the quote that fired it."""
    quote = event.get("quote")
    at = f": {quote['dex']} gives {quote['amountOut']} {order['tokenOut']}" if quote else ""
    return f"fired in slot {event['slot']}{at}"


def row_text(order: Wire) -> str:
    """One line of a list of orders."""
    trigger = order.get("trigger") if order["status"] == "open" else None
    waits = trigger or {}
    what = waits_text(waits, order) if trigger else terms_text(order)
    limit = f", at {order['limitPrice']} or better" if trigger and order["type"] == "stop_limit" else ""
    lacks = f" [{waits['waitingFor']}]" if waits.get("waitingFor") in ("FUNDS", "RETRY") else ""
    group = f"  {order['groupRole']} of group {order['groupId']}" if order.get("groupId") else ""
    amount = f"{order['amountIn']} {order['tokenIn']} to {order['tokenOut']}"
    done = f" for {order['executedAmountOut']}" if order.get("executedAmountOut") else ""
    head = f"{order['orderId']}  {order['type']:<13} {order['status']:<9}"
    return f"{head} {amount}{done}, {what}{limit}{lacks}{group}"
