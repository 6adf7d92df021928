"""When a transaction is dead, and when one that had landed is gone."""

import json

import httpx2
import pytest

from dex.errors import WrongNetwork
from dex.rpc.absence import APART_SLOTS, REMEMBERED_SLOTS, DeadCheck, Fate, Observation, absent_since
from dex.rpc.answers import ChainHeight, SignatureStatus, SignatureStatuses
from dex.rpc.node import SolanaRpc

CHECK = DeadCheck(last_valid_block_height=150)
PAST = 161
LATER = 200 + APART_SLOTS


def look(
    slot: int,
    *,
    height: int = PAST,
    height_slot: int = 200,
    commitment: str | None = None,
    searched: bool = True,
    first_slot: int | None = 0,
) -> Observation:
    """A node that finds nothing at ``slot``, or a status of ``commitment``."""
    status = None if commitment is None else SignatureStatus(slot, commitment, None)
    statuses = SignatureStatuses(slot, (status,), searched) if height > CHECK.past else None
    return Observation("hash", ChainHeight(height, height_slot), first_slot, statuses)


def looked(*looks: Observation) -> Fate:
    check = CHECK
    for one in looks:
        check = check.observe([one])
    return check.fate


def test_dead_needs_two_looks_that_find_nothing_a_finality_apart():
    assert looked(look(200)) is Fate.MAY_LAND
    assert looked(look(200), look(LATER - 1)) is Fate.MAY_LAND
    assert looked(look(200), look(LATER)) is Fate.DEAD
    assert looked(look(200), look(LATER), look(LATER, commitment="confirmed")) is Fate.DEAD


def test_a_height_within_the_margin_proves_nothing():
    within = look(200, height=160)
    assert looked(within, look(LATER)) is Fate.MAY_LAND
    assert looked(within, look(LATER), look(LATER + APART_SLOTS)) is Fate.DEAD


@pytest.mark.parametrize("unfit", [{"searched": False}, {"height_slot": 201}])
def test_statuses_without_history_or_of_a_node_behind_the_height_do_not_count(unfit):
    assert looked(look(200, **unfit), look(LATER)) is Fate.MAY_LAND
    assert looked(look(200), look(LATER, **{**unfit, "height_slot": LATER + 1})) is Fate.MAY_LAND


@pytest.mark.parametrize("commitment", ["confirmed", "finalized"])
def test_a_settled_status_means_landed_until_its_fork_is_gone(commitment):
    landed = look(200, commitment=commitment)
    assert looked(look(200), landed) is Fate.LANDED
    assert looked(landed, look(201)) is Fate.MAY_LAND
    assert looked(landed, look(201), look(201 + APART_SLOTS)) is Fate.DEAD


def test_a_processed_status_is_neither_landed_nor_missing():
    seen = look(LATER, commitment="processed")
    assert looked(look(200), seen) is Fate.MAY_LAND
    assert looked(look(200), seen, look(LATER + 1)) is Fate.MAY_LAND
    assert looked(look(200), seen, look(300), look(300 + APART_SLOTS)) is Fate.DEAD


def test_of_several_nodes_each_must_be_past_the_limit_itself():
    once = CHECK.observe([look(200), look(201)])
    assert once.missing_at_slot == 200
    assert once.observe([look(LATER), look(LATER + 1)]).fate is Fate.DEAD
    ahead_and_behind = [look(LATER, height=400), look(LATER, height=160)]
    assert once.observe(ahead_and_behind).fate is Fate.MAY_LAND
    one_knows = [look(LATER), look(LATER, commitment="confirmed")]
    assert once.observe(one_knows).fate is Fate.LANDED


def test_no_answer_is_no_look():
    assert CHECK.observe([look(200)]).observe([]).fate is Fate.MAY_LAND


def old(first_slot: int | None, commitment: str | None = None) -> Observation:
    """A look two weeks later: 3,000,000 blocks, and as many slots, since the transaction was signed."""
    at = 3_000_000
    return look(at, height=at, height_slot=at, first_slot=first_slot, commitment=commitment)


def test_a_ledger_that_does_not_reach_back_proves_nothing():
    for first_slot in (2_900_000, 1, None):
        assert looked(old(first_slot)) is Fate.FORGOTTEN
    assert looked(old(2_900_000, commitment="finalized")) is Fate.LANDED
    assert looked(old(0)) is Fate.MAY_LAND


def test_a_node_that_forgot_leaves_the_proof_to_one_that_remembers():
    later = look(3_000_000 + APART_SLOTS, height=3_000_000, height_slot=3_000_000)
    check = CHECK.observe([old(2_900_000), old(0)])
    assert check.observe([old(2_900_000), later]).fate is Fate.DEAD


def test_what_had_landed_is_gone_when_a_node_that_remembers_does_not_find_it():
    assert absent_since([look(200)], 199) is True
    assert absent_since([look(200, commitment="processed")], 199) is False
    assert absent_since([look(199, height_slot=199)], 199) is False
    assert absent_since([], 199) is False
    assert absent_since([old(None)], 3_000_000 - REMEMBERED_SLOTS) is True
    assert absent_since([old(None)], 3_000_000 - REMEMBERED_SLOTS - 1) is None
    assert absent_since([old(2_900_000)], 199) is None
    assert absent_since([old(2_900_000), old(100)], 199) is True


def two_networks(hashes: list[str]) -> SolanaRpc:
    def answer(request: httpx2.Request) -> httpx2.Response:

        calls = json.loads(request.content)
        results = {
            "getEpochInfo": {"blockHeight": 200, "absoluteSlot": 210},
            "getFirstAvailableBlock": 0,
            "getSignatureStatuses": {"context": {"slot": 211}, "value": [None]},
        }

        def one(call: dict) -> dict:
            result = hashes.pop(0) if call["method"] == "getGenesisHash" else results[call["method"]]
            return {"jsonrpc": "2.0", "id": call["id"], "result": result}

        body = [one(call) for call in calls] if isinstance(calls, list) else one(calls)
        return httpx2.Response(200, json=body)

    return SolanaRpc("http://node", transport=httpx2.MockTransport(answer))


async def test_a_look_through_which_the_network_changes_is_none():
    with pytest.raises(WrongNetwork):
        await two_networks(["one", "other"]).observe(["signature"], past=150)
    [seen] = await two_networks(["one", "one"]).observe(["signature"], past=150)
    assert (seen.height, seen.statuses) == (ChainHeight(200, 210), SignatureStatuses(211, (None,), True))
    [early] = await two_networks(["one"]).observe(["signature"], past=200)
    assert early.statuses is None
