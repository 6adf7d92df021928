"""What the chain says of a swap's amounts, read without the engine's rows."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from orders.gateway.audit import WalletAudit
from tests.orders.chain import TestChain
from tests.orders.order_runs import carry_out, stored
from tests.orders.rows import USDC, order_row

BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"


@pytest.mark.django_db(transaction=True)
def test_amounts_of_swaps_are_those_of_the_transactions(user: User, chain: TestChain) -> None:
    orders = [order_row(user), order_row(user, token_in=BONK, token_out=USDC, amount_in=10**12)]
    carry_out([order.pk for order in orders])
    done = [stored(order) for order in orders]
    audit = WalletAudit([chain.url], str(chain.wallet.pubkey()))
    try:
        moved = audit.moved([(one.signature, one.token_in, one.token_out) for one in done])
        # The wallet got nothing of the token that the first order sold.
        turned = audit.moved([(done[0].signature, done[0].token_out, done[0].token_in)])
    finally:
        audit.close()
    assert moved == {one.signature: (one.executed_amount_in, one.executed_amount_out) for one in done}
    assert [len(one.route["paths"][0]["legs"]) for one in done if one.route] == [1, 2]
    assert turned == {}
