"""Work that lets other work of its process go first waits for it, and not for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from orders.platform.right_of_way import RightOfWay


def test_others_wait_until_it_is_free_again() -> None:
    way = RightOfWay()
    with ThreadPoolExecutor(1) as other:
        with way.taken():
            waiting = other.submit(way.give)
            assert not waiting.done()
        assert waiting.result(5) is True


def test_who_waits_goes_on_after_a_while() -> None:
    way = RightOfWay()
    with way.taken():
        assert way.give() is False


def test_it_is_free_after_an_error_and_where_it_is_not_needed() -> None:
    way = RightOfWay()
    with pytest.raises(ValueError, match="broken"), way.taken():
        raise ValueError("broken")
    with way.taken(needed=False):
        assert way.give() is True
