"""A log tells whether a transaction may have created a pool, so that few have to be read."""

from __future__ import annotations

import pytest

from dex.launches.logs import may_create
from tests.dex.launches.recorded_creations import CASES, CREATED

SWAP = [
    "Program CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C invoke [1]",
    "Program log: Instruction: SwapBaseInput",
    "Program log: Instruction: TransferChecked",
    "Program CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C success",
]


@pytest.mark.parametrize("name", CREATED)
def test_the_log_of_every_recorded_creation_says_so(name: str) -> None:
    assert may_create(CASES[name]["logs"])


def test_the_log_of_a_swap_does_not() -> None:
    assert not may_create(SWAP)


def test_a_log_that_was_cut_short_may_hide_a_creation() -> None:
    assert may_create([*SWAP, "Log truncated"])
