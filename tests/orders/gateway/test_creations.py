"""A recorded creation, called by a launchpad's migration, as a node answers for it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from dex import base58
from dex.config import CLOCK_SYSVAR, GENESIS_HASHES
from dex.launches.graduations import LAUNCHLAB, LAUNCHLAB_POOL
from orders import gateway
from tests.dex.launches.recorded_creations import CASES, pool_account
from tests.node_stand_in import NodeStandIn

CASE = CASES["raydium-cpmm-create-3"]
CURVE = Pubkey.from_bytes(b"\x05" * 32)
SIGNATURE = str(VersionedTransaction.from_bytes(base64.b64decode(CASE["transaction"])).signatures[0])
CREATOR = "ECbPvoRPTunYYuu6iCP8gK4GzGX4nc5rPsUpAKoT6vV4"


def curve(status: int, mint: str) -> bytes:
    """A LaunchLab pool of this mint."""
    data = bytearray(LAUNCHLAB_POOL.size)
    data[:8] = LAUNCHLAB_POOL.discriminator
    data[17], data[20] = status, 1
    data[205:237] = bytes(Pubkey.from_string(mint))
    return bytes(data)


class Node(NodeStandIn):
    """Knows one transaction, which a launchpad sent, and the accounts that it names."""

    status = 2

    def reply(self, body: Any) -> Any:
        if isinstance(body, list):
            return [self.reply(call) for call in body]
        return {"jsonrpc": "2.0", "id": body["id"], "result": self._result(body["method"], body["params"])}

    def _result(self, method: str, params: list[Any]) -> Any:
        if method == "getGenesisHash":
            return GENESIS_HASHES["mainnet-beta"]
        if method == "getTransaction":
            return self._transaction() if params[0] == SIGNATURE else None
        if method == "getSignaturesForAddress":
            return [{"signature": SIGNATURE, "slot": 9, "err": None}]
        assert method == "getMultipleAccounts", method
        return {"context": {"slot": 9}, "value": [self._account(key) for key in params[0]]}

    def _transaction(self) -> dict[str, Any]:
        message = VersionedTransaction.from_bytes(base64.b64decode(CASE["transaction"])).message
        keys = [*(str(key) for key in message.account_keys), str(LAUNCHLAB), str(CURVE)]
        create = next(
            one for one in message.instructions if str(keys[one.program_id_index]) == CASE["program"]
        )
        inner = {
            "programIdIndex": create.program_id_index,
            "accounts": list(create.accounts),
            "data": base58.encode(bytes(create.data)),
        }
        outer = {"programIdIndex": keys.index(str(LAUNCHLAB)), "accounts": [len(keys) - 1], "data": "3"}
        return {
            "slot": 9,
            "meta": {"err": None, "innerInstructions": [{"index": 0, "instructions": [inner]}]},
            "transaction": {
                "signatures": [SIGNATURE],
                "message": {"accountKeys": keys, "instructions": [outer]},
            },
        }

    def _account(self, key: str) -> dict[str, Any] | None:
        clock = b"".join(value.to_bytes(8, "little") for value in (9, 1, 2, 3, 1_760_103_000))
        held = {
            str(CLOCK_SYSVAR): ("Sysvar1111111111111111111111111111111111111", clock),
            CASE["pool"]: (CASE["program"], pool_account("raydium-cpmm-create-3").data),
            str(CURVE): (str(LAUNCHLAB), curve(self.status, CASE["mints"][0]["address"])),
        }
        if key not in held:
            return None
        owner, data = held[key]
        return {"owner": owner, "lamports": 1, "data": [base64.b64encode(data).decode(), "base64"]}


@pytest.fixture
def node(settings: Any) -> Iterator[Node]:
    standing = Node()
    settings.SOLANA_NETWORK, settings.SOLANA_RPC_URL = "mainnet-beta", standing.url
    yield standing
    standing.close()


def test_a_pool_that_a_migration_created_is_read(node: Node) -> None:
    [seen] = gateway.pools_created_by(SIGNATURE) or []
    assert (seen.venue, seen.pool, seen.creator) == ("raydium-cpmm", CASE["pool"], CREATOR)
    assert (seen.signature, seen.slot, seen.graduated_from) == (SIGNATURE, 9, "launchlab")
    assert seen.opens == gateway.Opens("unix", 1760103613, False)


def test_the_origin_of_a_pool_is_its_first_transaction(node: Node) -> None:
    assert gateway.origin_of(CASE["pool"]) == gateway.Origin(SIGNATURE, 9, CREATOR, "launchlab")


def test_a_token_that_is_still_on_its_curve_has_not_graduated(node: Node) -> None:
    node.status = 0
    [seen] = gateway.pools_created_by(SIGNATURE) or []
    assert seen.graduated_from == ""


def test_a_transaction_that_no_node_has_is_asked_for_again(node: Node) -> None:
    assert gateway.pools_created_by("1" * 64) is None
