"""One key, one order, however often and from wherever it is asked for (rows 3 and 4)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from orders.proving.soak.rig import Rig

pytestmark = pytest.mark.faults


def test_fifty_concurrent_posts_of_one_key_make_one_order(rig: Rig) -> None:
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: rig.client.post(key="row 3"), range(50)))
    assert {answer.status for answer in answers} == {200, 201}
    assert [answer.status for answer in answers].count(201) == 1
    assert len({answer.order_id for answer in answers}) == 1
    assert len([o for o in rig.books.orders().values() if o.client_order_id == "row 3"]) == 1
    rig.client.await_confirmed(answers[0].order_id)


def test_the_same_key_with_another_body_is_refused(rig: Rig) -> None:
    first = rig.client.post(key="row 4")
    other = rig.client.post(key="row 4", amountInRaw="20000000")
    assert (other.status, other.body["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    rig.client.await_confirmed(first.order_id)
    assert len([o for o in rig.books.orders().values() if o.client_order_id == "row 4"]) == 1
