"""New rows of the hot path: those that Django's own models make."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db.models import Model

from orders.models import Attempt, Order
from orders.records.new_rows import new_row

ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


@pytest.mark.parametrize(
    ("model", "columns"),
    [
        (Order, {"id": ID, "user_id": 7, "amount_in": 5, "route_bounds": {"maxHops": 1}}),
        (Attempt, {"order_id": ID, "number": 2, "signed_transaction": b"\x01"}),
    ],
)
def test_a_new_row_has_the_defaults_of_its_model(model: type[Model], columns: dict[str, Any]) -> None:
    made, expected = new_row(model, **columns), model(**columns)
    assert _columns(made) == _columns(expected)
    assert (made._state.adding, made._state.db) == (True, None)


def test_each_new_row_has_its_own_key() -> None:
    assert len({new_row(Order).pk for _ in range(3)}) == 3


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(TypeError, match="Order has no user"):
        new_row(Order, user="ann")


def _columns(row: Model) -> dict[str, tuple[type, Any]]:
    return {name: (type(value), value) for name, value in vars(row).items() if name != "_state"}
