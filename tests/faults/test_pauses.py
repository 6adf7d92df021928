"""Workers that freeze for longer than their lease between two steps, and go on when others have moved on."""

from __future__ import annotations

from uuid import UUID

import pytest

from orders.platform import crash_points
from orders.proving.soak.rig import Rig
from orders.proving.soak.waiting import eventually
from tests.faults.test_chain import PAST_EXPIRY_SLOTS, attempt_states

pytestmark = pytest.mark.faults


def frozen_worker(rig: Rig, crash_point: str) -> UUID:
    """An order in the hands of the only worker, which has frozen at this point."""
    stale, other = rig.workers
    other.kill()
    rig.freeze_in(stale, crash_point)
    order_id = rig.client.place()
    stale.await_freeze()
    return order_id


def require_that_it_goes_on_alone(rig: Rig) -> None:
    """The thawed worker does whatever it was about to do, and then takes the next order."""
    stale, other = rig.workers
    other.kill()
    stale.thaw()
    rig.client.await_confirmed(rig.client.place())


@pytest.mark.parametrize(
    ("rig", "crash_point"),
    [
        ("sqlite", crash_points.SIGNED),
        ("sqlite", crash_points.SENT),
        ("postgres", crash_points.STORING),
    ],
    indirect=["rig"],
)
def test_a_worker_frozen_for_longer_than_its_lease_finds_the_order_done(rig: Rig, crash_point: str) -> None:
    order_id = frozen_worker(rig, crash_point)
    rig.workers[1].start()
    rig.client.await_confirmed(order_id, 60)
    require_that_it_goes_on_alone(rig)
    assert attempt_states(rig, order_id) == ["landed"]


@pytest.mark.parametrize("rig", ["postgres"], indirect=True)
def test_bytes_that_a_frozen_worker_sends_after_the_next_attempt_has_landed_do_nothing(rig: Rig) -> None:
    order_id = frozen_worker(rig, crash_points.BEFORE_SEND)
    rig.chain.call("localnet_advance", {"slots": PAST_EXPIRY_SLOTS})
    rig.workers[1].start()
    eventually(lambda: len(attempt_states(rig, order_id)) == 2, 60, "a second attempt")
    rig.client.await_confirmed(order_id, 60)
    require_that_it_goes_on_alone(rig)
    assert attempt_states(rig, order_id) == ["expired", "landed"]
