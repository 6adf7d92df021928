"""Numbers that creators may choose, however odd, stop no watch."""

from __future__ import annotations

from typing import Any

import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from orders.models import Launch
from tests.orders.chain import TestChain
from tests.orders.launches.watching import launch, rounds, row_of, watching

pytestmark = pytest.mark.django_db(transaction=True)

_U64 = b"\xff" * 8
# Where each venue's pool keeps its opening.
_OPENINGS = {"raydium-cpmm": 373, "meteora-damm-v2": 472, "raydium-amm-v4": 224, "raydium-clmm": 1080}


@pytest.mark.parametrize("venue", _OPENINGS)
def test_a_pool_that_opens_at_the_end_of_time_is_seen(chain: TestChain, settings: Any, venue: str) -> None:
    settings.LAUNCHES = "all"
    with watching() as watcher:
        planned = launch(chain, venue=venue, opensInSlots=5_000)
        row = rounds(watcher, lambda: row_of(planned))
        Launch.objects.filter(pk=row.pk).delete()
        # The same pool at another address, as if somebody had asked for that opening.
        account = chain.network.account(Pubkey.from_string(planned["pool"]))
        assert account is not None
        data, at = bytes(account.data), _OPENINGS[venue]
        if venue == "raydium-amm-v4":
            data = (7).to_bytes(8, "little") + data[8:]
        odd = Pubkey.new_unique()
        late = Account(account.lamports, data[:at] + _U64 + data[at + 8 :], account.owner)
        chain.network.put_account(odd, late)
        chain.call("localnet_advance", {"slots": 2})
        seen = rounds(watcher, lambda: Launch.objects.filter(pool=str(odd)).first())
        assert seen.opens_at_point == 2**53
        rounds(watcher, lambda: Launch.objects.get(pool=str(odd)).checked_at)
        after = launch(chain, venue="raydium-cpmm")
        rounds(watcher, lambda: (row := row_of(after)) and row.checked_at)
    assert Launch.objects.get(pool=str(odd)).opened_at is None
