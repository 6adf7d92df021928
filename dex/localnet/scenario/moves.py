"""Prices on demand: methods that move pools now, and back to what they had.

localnet_setPrice {"pair", "price", "pool"}   moves all pools of a pair, or the one that ``pool`` names, as a
                            step of a scenario does; answers the pools' addresses
localnet_resetPrices []     gives every pool that was moved the price that it had before the first move; what
                            was swapped meanwhile stays swapped. Answers the pools' addresses

What they had is kept in memory: a localnet that is started anew goes on with the prices it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.localnet.account_methods import with_context
from dex.localnet.errors import ScenarioRefused, invalid_params
from dex.localnet.parameters import Parameters
from dex.localnet.scenario.mover import PoolMover, PriceOfPool, restored
from dex.localnet.scenario.script import step_now
from dex.types import Token

if TYPE_CHECKING:
    from dex.localnet.chain import Chain
    from dex.localnet.dispatch import Method


class PriceMoves:
    """The methods of a chain whose pools are those of ``network``, and whose tokens have these symbols."""

    def __init__(self, chain: Chain, network: str, tokens: Sequence[Token]) -> None:
        self._mover = PoolMover(chain, network)
        self._tokens = tokens
        self._before: dict[Pubkey, PriceOfPool] = {}

    def methods(self) -> Mapping[str, Method]:
        """The methods by name."""
        return {"localnet_setPrice": self._set, "localnet_resetPrices": self._reset}

    def _set(self, chain: Chain, parameters: Parameters) -> object:
        try:
            step = step_now(parameters.required(0), self._tokens)
            prices = self._mover.prices(chain.bank, step)
        except (ScenarioRefused, DexError) as error:
            raise invalid_params(f"Invalid params: {error}") from None
        if not prices:
            raise invalid_params("Invalid params: no pool of this pair can be moved")
        self._before = {each.pool: each for each in prices} | self._before
        chain.change_accounts(partial(self._mover.moved, step=step))
        return with_context(chain.slot, [str(each.pool) for each in prices])

    def _reset(self, chain: Chain, _parameters: Parameters) -> object:
        prices = list(self._before.values())
        chain.change_accounts(partial(restored, prices=prices))
        self._before = {}
        return with_context(chain.slot, [str(each.pool) for each in prices])
