"""Which traps a sniper bought, and what it lost by them: what was paid less what a sale would bring now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orders.client.remote import EngineRefused, RemoteEngine
from orders.proving.launches.snipes import Snipe

TRAPS = ("freeze", "transferFee", "liquidityPulled", "transferHook", "nonTransferable")
# Where each can be set; the venues take turns.
TRAP_VENUES = ("raydium-cpmm", "meteora-damm-v2")
LAUNCHES_PER_TRAP = 10


@dataclass(frozen=True, slots=True)
class Loss:
    """A trap that was bought: SOL paid, and SOL that the whole would bring now."""

    snipe: Snipe
    paid: Decimal
    worth: Decimal

    @property
    def lost(self) -> Decimal:
        return max(Decimal(0), self.paid - self.worth)


def losses(snipes: Sequence[Snipe], engine: RemoteEngine) -> list[Loss]:
    """Of every trap that was bought. Raises EngineUnreachable."""
    return [_loss(each, engine) for each in snipes if each.launched.trap and each.is_bought]


def lines(snipes: Sequence[Snipe], lost: Sequence[Loss]) -> Iterator[str]:
    """What became of the traps, and of the rest."""
    traps = [each for each in snipes if each.launched.trap]
    others = [each for each in snipes if not each.launched.trap]
    bought = sum(each.is_bought for each in others)
    total = sum((each.lost for each in lost), Decimal(0))
    yield f"{len(traps)} traps: {len(lost)} bought, {total:f} SOL lost"
    for kind in TRAPS:
        of_kind = Counter(each.outcome for each in traps if each.launched.trap == kind)
        if of_kind:
            yield f"  {kind:<16} {_counted(of_kind)}"
    yield f"{len(others)} other launches: {bought} bought"
    yield f"  {_counted(Counter(each.outcome for each in others))}"


def _counted(outcomes: Counter[str]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())


def _loss(snipe: Snipe, engine: RemoteEngine) -> Loss:
    order = snipe.order
    assert order is not None
    paid = Decimal(order["executedAmountIn"])
    try:
        best = engine.quote(snipe.launched.mint, "SOL", order["executedAmountOut"])["best"]
        worth = Decimal(best["amountOut"])
    except EngineRefused:
        worth = Decimal(0)
    return Loss(snipe, paid, worth)
