"""A faucet that gives no more than it wants to, as those of public networks do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from solders.pubkey import Pubkey

from dex.localnet.chain import Chain
from dex.localnet.errors import INVALID_REQUEST, RpcError, airdrop_limit_reached
from dex.localnet.parameters import Parameters
from dex.localnet.transaction_methods import request_airdrop


@dataclass(slots=True)
class LimitedFaucet:
    """Gives an address at most ``lamports`` while the network runs, then answers as devnet's faucet does."""

    lamports: int
    _given: Counter[Pubkey] = field(default_factory=Counter)

    def request_airdrop(self, chain: Chain, parameters: Parameters) -> object:
        """requestAirdrop; raises RpcError 429 past the limit."""
        recipient, lamports = parameters.pubkey(0), parameters.integer(1)
        if self._given[recipient] + lamports > self.lamports:
            raise airdrop_limit_reached()
        signature = request_airdrop(chain, parameters)
        self._given[recipient] += lamports
        return signature


def no_faucet(_chain: Chain, _parameters: Parameters) -> object:
    """requestAirdrop of a node that has no faucet (mainnet): -32600, as agave answers."""
    raise RpcError(INVALID_REQUEST, "Invalid request")
