"""Orders that one pool alone can serve, and that pool's accounts changed under them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from solders.pubkey import Pubkey

from orders.models import Order
from orders.pipeline import stages
from tests.orders.chain import TestChain
from tests.orders.order_runs import stored
from tests.orders.rows import SOL, order_row

# Of a CPMM pool: its config, its vaults in the order of its mints, the first mint.
_CONFIG, _VAULTS, _FIRST_MINT = 8, (72, 104), 168
# Of its config: the trade fee in millionths. Of a token account: what it holds.
_TRADE_RATE, _AMOUNT = 12, 64


def alone(user: User, **columns: Any) -> tuple[Order, Pubkey]:
    """An order of SOL for USDC for which Raydium's CPMM pool is the only one, and that pool."""
    first = order_row(user)
    stages.route([first.pk])
    order = stored(first)
    assert order.venue == "raydium-cpmm"
    others = [quote["pool"] for quote in order.events.get(status="building").data["quotes"]]
    lone = order_row(user, left_out_pools=dict.fromkeys(others, "PROGRAM_REFUSED"), **columns)
    return lone, Pubkey.from_string(order.pool)


def set_price(chain: TestChain, pool: Pubkey, percent: int) -> None:
    """Let the pool pay ``percent`` of what it pays for SOL now; returns many slots later."""
    data = _data(chain, pool)
    sol_is_first = str(_pubkey_at(data, _FIRST_MINT)) == SOL
    vault = _pubkey_at(data, _VAULTS[0] if sol_is_first else _VAULTS[1])
    held = int.from_bytes(_data(chain, vault)[_AMOUNT : _AMOUNT + 8], "little")
    _set_u64(chain, vault, _AMOUNT, held * 100 // percent)
    chain.call("localnet_advance", {"slots": 50})


def set_fee(chain: TestChain, pool: Pubkey, millionths: int) -> None:
    """Let the pool take so much of the input."""
    _set_u64(chain, _pubkey_at(_data(chain, pool), _CONFIG), _TRADE_RATE, millionths)


def _data(chain: TestChain, address: Pubkey) -> bytearray:
    found = chain.network.account(address)
    assert found is not None
    return bytearray(found.data)


def _pubkey_at(data: bytes, offset: int) -> Pubkey:
    return Pubkey.from_bytes(bytes(data[offset : offset + 32]))


def _set_u64(chain: TestChain, address: Pubkey, offset: int, value: int) -> None:
    data = _data(chain, address)
    data[offset : offset + 8] = value.to_bytes(8, "little")
    chain.change_account(address, bytes(data))
