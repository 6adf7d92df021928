"""Whether the chain answers, and how each of its nodes stands."""

from __future__ import annotations

from dataclasses import dataclass

from dex.errors import DexError, WrongNetwork
from dex.rpc.nodes import NodeReport
from orders.gateway.connection import connection, require_network


@dataclass(frozen=True, slots=True)
class ChainHealth:
    """Whether a node answers, its slot, whether it is of the configured network; and every node by itself."""

    reachable: bool
    slot: int | None
    right_network: bool = True
    nodes: tuple[NodeReport, ...] = ()


def chain_health() -> ChainHealth:
    """As this process sees the nodes now; never raises for those that do not answer."""
    try:
        require_network()
        slot = connection().run(connection().rpc.slot())
    except WrongNetwork:
        return ChainHealth(True, None, right_network=False, nodes=node_reports())
    except DexError:
        return ChainHealth(False, None, nodes=node_reports())
    return ChainHealth(True, slot, nodes=node_reports())


def node_reports() -> tuple[NodeReport, ...]:
    """How every node stands as far as this process knows; nothing when that takes too long."""
    try:
        return tuple(connection().run(connection().rpc.reports()))
    except DexError:
        return ()
