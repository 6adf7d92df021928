"""What has become of a launch so far, and the JSON in which the cheat calls answer it."""

from __future__ import annotations

from dataclasses import dataclass

from solders.pubkey import Pubkey

from dex.launches.openings import Opening
from dex.localnet.launches.plan import LaunchPlan


@dataclass(slots=True)
class LaunchRecord:
    """A launch that is on chain. Slots are None until they are reached.

    ``opening`` None: the venue has none, the pool is open once it is funded. ``opened_slot`` is the first
    slot in which the program swaps.
    """

    plan: LaunchPlan
    pool: Pubkey
    opening: Opening | None
    created_slot: int
    funded_slot: int | None = None
    opened_slot: int | None = None

    def as_json(self) -> dict[str, object]:
        plan, opening = self.plan, self.opening
        return {
            "number": plan.number,
            "venue": plan.venue.value,
            "pool": str(self.pool),
            "mint": str(plan.token.mint),
            "symbol": plan.token.symbol,
            "decimals": plan.token.decimals,
            "quote": plan.quote.symbol,
            "creator": str(plan.creator.pubkey()),
            "fee": plan.fee.value,
            "trap": None,
            "createdSlot": self.created_slot,
            "fundedSlot": self.funded_slot,
            "openedSlot": self.opened_slot,
            "opening": None
            if opening is None
            else {"unit": opening.unit.value, "point": opening.point, "after": opening.after},
        }
