"""What has become of a launch so far, and the JSON in which the cheat calls answer it."""

from __future__ import annotations

from dataclasses import dataclass

from solders.pubkey import Pubkey

from dex.launches.openings import Opening
from dex.localnet.launches.plan import LaunchPlan, LaunchVenue
from dex.localnet.launches.pools import PoolSides


@dataclass(slots=True)
class LaunchRecord:
    """A launch that is on chain. Slots are None until they are reached, ``signature`` where no
    transaction created the pool.

    ``opening`` None: the venue has none, the pool is open once it is funded. ``opened_slot`` is the first
    slot in which the program swaps, ``sprung_slot`` that in which a trap began to cost its buyers.
    """

    plan: LaunchPlan
    pool: Pubkey
    sides: PoolSides
    opening: Opening | None
    created_slot: int
    signature: str | None = None
    funded_slot: int | None = None
    opened_slot: int | None = None
    sprung_slot: int | None = None

    @property
    def trap(self) -> str | None:
        return None if self.plan.trap is None else self.plan.trap.value

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
            "fee": plan.fee.value if plan.venue is LaunchVenue.DAMM_V2 else None,
            "trap": self.trap,
            "signature": self.signature,
            "createdSlot": self.created_slot,
            "fundedSlot": self.funded_slot,
            "openedSlot": self.opened_slot,
            "sprungSlot": self.sprung_slot,
            "opening": None
            if opening is None
            else {"unit": opening.unit.value, "point": opening.point, "after": opening.after},
        }
