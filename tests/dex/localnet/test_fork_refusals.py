"""A parent that is busy is asked again; one that cannot be forked is named with its reason."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from dex.localnet.__main__ import main
from dex.localnet.errors import ForkRefused
from dex.localnet.genesis import localnet_keypair
from dex.localnet.server import Localnet
from tests.dex.localnet.forks import SOL_USDC_POOLS, fork_of, running_fork, running_parent
from tests.dex.localnet.network_swaps import GENESIS, MINTS

STRANGER = localnet_keypair("stranger", 1).pubkey()


@pytest.fixture
async def parent() -> AsyncIterator[Localnet]:
    async with running_parent() as network:
        yield network


async def set_fault(network: Localnet, **fault: object) -> None:
    async with httpx2.AsyncClient(base_url=network.url) as http:
        request = {"jsonrpc": "2.0", "id": 1, "method": "localnet_setFault", "params": [fault]}
        assert (await http.post("/", json=request)).json()["result"] is True


@pytest.mark.parametrize("method", ["getEpochInfo", "getProgramAccounts", "getMultipleAccounts"])
async def test_a_busy_parent_is_asked_again(parent: Localnet, tmp_path: Path, method: str) -> None:
    await set_fault(parent, method=method, kind="busy", count=3)
    async with running_fork(fork_of(parent, tmp_path)) as fork:
        assert (len(fork.pools), fork.origin.is_offline) == (SOL_USDC_POOLS, False)


@pytest.mark.parametrize(
    ("method", "kind", "reason"),
    [
        ("getGenesisHash", "busy", "gives no answer .*HTTP 429.*nothing of it is in the cache"),
        ("getGenesisHash", "drop", "gives no answer .*nothing of it is in the cache"),
        ("getEpochInfo", "garbage", "no Solana node that can be forked .*not JSON"),
        ("getProgramAccounts", "unavailable", "does not list the accounts of .*--pool ADDRESS"),
        ("getMultipleAccounts", "busy", "stopped answering: .*HTTP 429"),
        ("getMultipleAccounts", "garbage", "stopped answering: .*not JSON"),
    ],
)
async def test_a_broken_parent_is_refused_with_its_reason(
    parent: Localnet, tmp_path: Path, method: str, kind: str, reason: str
) -> None:
    await set_fault(parent, method=method, kind=kind, percent=100)
    with pytest.raises(ForkRefused, match=reason):
        async with running_fork(fork_of(parent, tmp_path)):
            pass


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pools": [STRANGER]}, f"no account at {STRANGER}"),
        ({"pools": [MINTS["USDC"]]}, "no pool of .*raydium-cpmm"),
        ({"pairs": [(MINTS["BONK"], MINTS["JUP"])]}, "has no pool of"),
    ],
)
async def test_what_is_no_pool_is_refused(
    parent: Localnet, tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(ForkRefused, match=reason):
        async with running_fork(fork_of(parent, tmp_path, **{"pairs": (), **changes})):
            pass


async def test_pools_can_be_named_where_they_are_not_listed(parent: Localnet, tmp_path: Path) -> None:
    await set_fault(parent, method="getProgramAccounts", kind="unavailable", percent=100)
    named = [GENESIS.pools[0].address]
    async with running_fork(fork_of(parent, tmp_path, pairs=(), pools=named)) as fork:
        assert fork.pools == named


def test_the_command_ends_with_1_and_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = "http://key:secret@127.0.0.1:9/?api-key=secret"
    assert main(["--fork", url, "--pair", "SOL/USDC", "--fork-cache", str(tmp_path)]) == 1
    output = capsys.readouterr().err
    assert output.count("\n") == 1
    assert output.startswith("localnet: the parent network gives no answer (getGenesisHash: ConnectError)")
    assert "secret" not in output


async def test_a_broken_cache_is_named(parent: Localnet, tmp_path: Path) -> None:
    (tmp_path / "parent.sqlite3").write_bytes(b"no database" * 1_000)
    with pytest.raises(ForkRefused, match=f"the cache in {tmp_path} cannot be used: file is not a database"):
        async with running_fork(fork_of(parent, tmp_path)):
            pass
