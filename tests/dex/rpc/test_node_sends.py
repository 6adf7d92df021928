"""Sending through the node client: what each answer says, and what every fault becomes."""

import base64
import json

import httpx2
import pytest
from solders.signature import Signature

from dex.errors import ChainAnswerInvalid, ChainBusy, ChainRefused, ChainUnreachable
from dex.rpc.answers import SendKind
from dex.rpc.jsonrpc import MAX_REQUEST_BYTES
from tests.dex.rpc.scripted_node import SIGNATURES, client, error, node, raw


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ({"result": SIGNATURES[0]}, SendKind.ACCEPTED),
        ({"result": SIGNATURES[1]}, SendKind.UNKNOWN),
        (error(-32002, {"err": "AlreadyProcessed"}), SendKind.ALREADY_PROCESSED),
        (error(-32002, {"err": "BlockhashNotFound"}), SendKind.UNKNOWN),
        (error(-32002, {"err": {"InstructionError": [0, {"Custom": 1}]}}), SendKind.REJECTED),
        (error(-32002), SendKind.UNKNOWN),
        (error(-32003), SendKind.REJECTED),
        (error(-32602), SendKind.REJECTED),
        (error(-32005), SendKind.UNKNOWN),
        (error(-32603), SendKind.UNKNOWN),
        (error(429), SendKind.UNKNOWN),
    ],
)
async def test_a_send_is_sorted_by_the_code_of_the_answer(reply, kind):
    outcomes = await node(lambda method, params: reply).send([raw(0)])
    assert [outcome.kind for outcome in outcomes] == [kind]


async def test_a_preflight_rejection_keeps_error_and_log():
    data = {"err": {"InstructionError": [3, {"Custom": 6005}]}, "logs": ["a", "b"]}
    [outcome] = await node(lambda method, params: error(-32002, data)).send([raw(0)], skip_preflight=False)
    assert outcome.error == {"InstructionError": [3, {"Custom": 6005}]}
    assert outcome.logs == ("a", "b")


async def test_many_sends_are_one_request_and_keep_their_order():
    seen: list = []

    def answer(method: str, params: list) -> dict:
        sent = base64.b64decode(params[0])
        signature = str(Signature.from_bytes(sent[1:65]))
        return error(-32003) if signature == SIGNATURES[1] else {"result": signature}

    outcomes = await node(answer, seen).send([raw(0), raw(1), raw(2)])
    assert [len(calls) for calls in seen] == [3]
    assert [outcome.kind for outcome in outcomes] == [SendKind.ACCEPTED, SendKind.REJECTED, SendKind.ACCEPTED]
    assert seen[0][0][1][1] == {
        "encoding": "base64",
        "skipPreflight": True,
        "preflightCommitment": "confirmed",
        "maxRetries": 0,
    }


async def test_sends_beyond_the_body_limit_are_split():
    sizes: list[int] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        sizes.append(len(request.content))
        calls = json.loads(request.content)
        return httpx2.Response(
            200, json=[{"jsonrpc": "2.0", "id": call["id"], "result": SIGNATURES[0]} for call in calls]
        )

    outcomes = await client(handle).send([raw(0, 1_100)] * 100)
    assert {outcome.kind for outcome in outcomes} == {SendKind.ACCEPTED}
    assert len(outcomes) == 100
    assert len(sizes) == 4
    assert max(sizes) <= MAX_REQUEST_BYTES


def refuse(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("refused", request=request)


def time_out(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ReadTimeout("slow", request=request)


FAULTS = [
    (refuse, ChainUnreachable),
    (time_out, ChainUnreachable),
    (lambda request: httpx2.Response(500), ChainUnreachable),
    (lambda request: httpx2.Response(503), ChainUnreachable),
    (lambda request: httpx2.Response(429), ChainBusy),
    (lambda request: httpx2.Response(403), ChainRefused),
    (lambda request: httpx2.Response(200, content=b"<html>"), ChainAnswerInvalid),
    (lambda request: httpx2.Response(200, content=b"[" * 100_000), ChainAnswerInvalid),
    (lambda request: httpx2.Response(200, json={"jsonrpc": "2.0", "id": 5, "result": 1}), ChainAnswerInvalid),
    (lambda request: httpx2.Response(200, json={"jsonrpc": "2.0", "id": 0}), ChainAnswerInvalid),
    (lambda request: httpx2.Response(200, json={"id": 0, "error": {"message": "x"}}), ChainAnswerInvalid),
    (lambda request: httpx2.Response(200, json={"id": 0, "error": {"code": -32005}}), ChainBusy),
    (lambda request: httpx2.Response(200, json={"id": None, "error": {"code": 429}}), ChainBusy),
    (lambda request: httpx2.Response(200, json={"id": 0, "error": {"code": -32016}}), ChainBusy),
    (lambda request: httpx2.Response(200, json={"id": 0, "error": {"code": -32602}}), ChainRefused),
    (lambda request: httpx2.Response(200, json=[]), ChainAnswerInvalid),
    (lambda request: httpx2.Response(200, json=7), ChainAnswerInvalid),
]


@pytest.mark.parametrize(("handler", "expected"), FAULTS, ids=range(len(FAULTS)))
async def test_every_fault_has_its_error_and_hides_the_url(handler, expected):
    with pytest.raises(expected) as caught:
        await client(handler).slot()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("handler", [handler for handler, _ in FAULTS], ids=range(len(FAULTS)))
async def test_a_send_never_raises_for_the_chain(handler):
    outcomes = await client(handler).send([raw(0), raw(1)])
    assert [outcome.kind for outcome in outcomes] == [SendKind.UNKNOWN, SendKind.UNKNOWN]


@pytest.mark.parametrize(
    "replies",
    [
        [{"id": 0, "result": SIGNATURES[0]}],
        [{"id": 0, "result": SIGNATURES[0]}, {"id": 0, "result": SIGNATURES[0]}],
        [{"id": 0, "result": SIGNATURES[0]}, {"id": 2, "result": SIGNATURES[1]}],
        [{"id": 0, "result": SIGNATURES[0]}, "text"],
    ],
    ids=["one missing", "one twice", "wrong id", "no object"],
)
async def test_a_batch_without_a_reply_to_each_call_leaves_all_unknown(replies):
    outcomes = await client(lambda request: httpx2.Response(200, json=replies)).send([raw(0), raw(1)])
    assert [outcome.kind for outcome in outcomes] == [SendKind.UNKNOWN, SendKind.UNKNOWN]
