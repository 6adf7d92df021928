"""The node client: what it asks, how it reads answers, and what every fault becomes."""

import base64
import json
from collections.abc import Callable

import httpx2
import pytest
from solders.keypair import Keypair
from solders.signature import Signature

from dex.chain.answers import SendKind
from dex.chain.jsonrpc import MAX_REQUEST_BYTES
from dex.chain.rpc import SolanaRpc
from dex.chain.tokens import associated_token_address
from dex.config import CLOCK_SYSVAR, TOKEN_PROGRAM
from dex.errors import ChainAnswerInvalid, ChainBusy, ChainRefused, ChainUnreachable
from dex.localnet.genesis_layouts import token_account
from dex.types import AccountFilter
from tests.dex.chain.plans import MINTS

KEY = Keypair.from_seed(b"r" * 32)
OWNER = KEY.pubkey()
SIGNATURES = [str(KEY.sign_message(bytes([n]))) for n in range(3)]
URL = "http://node.invalid/?api-key=secret"


def raw(number: int, size: int = 200) -> bytes:
    return b"\x01" + bytes(Signature.from_string(SIGNATURES[number])) + bytes(size)


def client(handler: Callable[[httpx2.Request], httpx2.Response]) -> SolanaRpc:
    return SolanaRpc(URL, transport=httpx2.MockTransport(handler))


def node(answer: Callable[[str, list], dict], seen: list | None = None) -> SolanaRpc:
    """A node whose ``answer(method, params)`` gives the result or error part of each reply."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        calls = body if isinstance(body, list) else [body]
        if seen is not None:
            seen.append([(call["method"], call["params"]) for call in calls])
        replies = [
            {"jsonrpc": "2.0", "id": call["id"], **answer(call["method"], call["params"])} for call in calls
        ]
        # A node may answer the calls of a batch in any order.
        return httpx2.Response(200, json=replies[::-1] if isinstance(body, list) else replies[0])

    return client(handle)


def ok(value: object, slot: int = 7) -> dict:
    return {"result": {"context": {"slot": slot}, "value": value}}


def error(code: int, data: object = None) -> dict:
    return {"error": {"code": code, "message": "any text", "data": data}}


def clock(slot: int) -> dict:
    data = b"".join(value.to_bytes(8, "little") for value in (slot, 1, 2, 3, 1_700_000_000))
    return entry(data, "Sysvar1111111111111111111111111111111111111")


def entry(data: bytes, owner: str = str(TOKEN_PROGRAM), lamports: int = 5) -> dict:
    content = [base64.b64encode(data).decode(), "base64"]
    return {
        "owner": owner,
        "lamports": lamports,
        "data": content,
        "executable": False,
        "rentEpoch": 2**64 - 1,
    }


async def test_a_snapshot_reads_clock_and_accounts_in_one_call():
    seen: list = []
    rpc = node(lambda method, params: ok([clock(7), entry(b"abc"), None]), seen)
    present, absent = Keypair().pubkey(), Keypair().pubkey()
    snapshot = await rpc.snapshot([present, absent, present])
    assert [len(calls) for calls in seen] == [1]
    method, params = seen[0][0]
    assert method == "getMultipleAccounts"
    assert params[0] == [str(CLOCK_SYSVAR), str(present), str(absent)]
    assert (snapshot.clock.slot, snapshot.clock.unix_timestamp, snapshot.clock.epoch) == (7, 1_700_000_000, 2)
    assert snapshot.account(present).data == b"abc"
    assert snapshot.account(present).owner == TOKEN_PROGRAM
    assert snapshot.accounts[absent] is None


async def test_chunks_of_a_snapshot_are_read_again_until_their_slots_agree():
    slots = iter([5, 6, 6, 6])
    seen: list = []

    def answer(method: str, params: list) -> dict:
        slot = next(slots)
        return ok([clock(slot), *[None] * (len(params[0]) - 1)], slot)

    snapshot = await node(answer, seen).snapshot([Keypair().pubkey() for _ in range(150)])
    assert [[len(params[0]) for _, params in calls] for calls in seen] == [[100, 52], [100, 52]]
    assert [calls[0][1][1].get("minContextSlot") for calls in seen] == [None, 6]
    assert snapshot.clock.slot == 6
    assert len(snapshot.accounts) == 151


async def test_chunks_that_never_agree_are_no_snapshot():
    slots = iter(range(100))
    rpc = node(lambda method, params: ok([clock(1), *[None] * (len(params[0]) - 1)], next(slots)))
    with pytest.raises(ChainBusy):
        await rpc.snapshot([Keypair().pubkey() for _ in range(150)])


@pytest.mark.parametrize(
    "value",
    [
        [],
        [clock(7), entry(b""), entry(b"")],
        [None, entry(b"")],
        [entry(b"short"), entry(b"")],
        [clock(7), {"owner": "x", "lamports": 1, "data": ["", "base64"]}],
        [clock(7), {"owner": str(OWNER), "lamports": 1.5, "data": ["", "base64"]}],
        [clock(7), {"owner": str(OWNER), "lamports": 1, "data": ["%%", "base64"]}],
        [clock(7), {"owner": str(OWNER), "lamports": 1, "data": ["", "base58"]}],
        "text",
        None,
    ],
    ids=range(10),
)
async def test_a_snapshot_that_breaks_its_contract_is_refused(value):
    rpc = node(lambda method, params: ok(value))
    with pytest.raises(ChainAnswerInvalid):
        await rpc.snapshot([OWNER])


async def test_program_accounts_send_size_and_bytes():
    seen: list = []
    rpc = node(lambda method, params: {"result": [{"pubkey": str(OWNER), "account": entry(b"pool")}]}, seen)
    found = await rpc.program_accounts(TOKEN_PROGRAM, AccountFilter(637, ((168, b"\x01\x02"),)))
    assert [(key, account.data) for key, account in found] == [(OWNER, b"pool")]
    assert seen[0][0][1][1]["filters"] == [
        {"dataSize": 637},
        {"memcmp": {"offset": 168, "bytes": "AQI=", "encoding": "base64"}},
    ]


async def test_blockhash_height_slot_and_network_are_read():
    answers = {
        "getLatestBlockhash": ok({"blockhash": "1" * 32, "lastValidBlockHeight": 150}, 9),
        "getEpochInfo": {"result": {"blockHeight": 12, "absoluteSlot": 14}},
        "getSlot": {"result": 15},
        "getGenesisHash": {"result": "hash"},
        "getHealth": {"result": "ok"},
    }
    rpc = node(lambda method, params: answers[method])
    latest = await rpc.latest_blockhash()
    assert (str(latest.blockhash), latest.last_valid_block_height, latest.slot) == ("1" * 32, 150, 9)
    height = await rpc.height(min_context_slot=3)
    assert (height.block_height, height.slot) == (12, 14)
    assert await rpc.slot() == 15
    assert await rpc.genesis_hash() == "hash"
    await rpc.health()


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


async def test_statuses_keep_their_order_and_say_whether_history_was_searched():
    failed = {"InstructionError": [2, {"Custom": 6005}]}
    value = [
        {"slot": 3, "confirmations": None, "err": None, "confirmationStatus": "finalized"},
        None,
        {"slot": 5, "confirmations": 1, "err": failed, "confirmationStatus": "processed"},
    ]
    seen: list = []
    answer = await node(lambda method, params: ok(value, 8), seen).signature_statuses(
        SIGNATURES, search_history=True
    )
    assert seen[0][0][1] == [SIGNATURES, {"searchTransactionHistory": True}]
    assert (answer.slot, answer.searched_history) == (8, True)
    finalized, missing, processed = answer.statuses
    assert (finalized.slot, finalized.commitment, finalized.error) == (3, "finalized", None)
    assert missing is None
    assert (processed.slot, processed.commitment, processed.error) == (5, "processed", failed)


async def test_more_statuses_than_a_call_takes_are_asked_in_one_batch_with_the_oldest_slot():
    slots = iter([9, 8])
    seen: list = []
    rpc = node(lambda method, params: ok([None] * len(params[0]), next(slots)), seen)
    answer = await rpc.signature_statuses([SIGNATURES[0]] * 300)
    assert [[len(params[0]) for _, params in calls] for calls in seen] == [[256, 44]]
    assert answer.slot == 8
    assert answer.statuses == (None,) * 300


async def test_statuses_of_another_number_are_refused():
    rpc = node(lambda method, params: ok([None]))
    with pytest.raises(ChainAnswerInvalid):
        await rpc.signature_statuses(SIGNATURES)


def transaction_answer(signature: str) -> dict:
    mint, owner = str(MINTS["USDC"]), str(OWNER)
    balance = {"accountIndex": 1, "mint": mint, "owner": owner, "uiTokenAmount": {"amount": "12"}}
    return {
        "slot": 4,
        "blockTime": 5,
        "meta": {
            "err": None,
            "fee": 5_000,
            "preBalances": [10_000, 7],
            "postBalances": [5_000, 7],
            "preTokenBalances": [balance],
            "postTokenBalances": [{**balance, "uiTokenAmount": {"amount": "18446744073709551615"}}],
            "logMessages": ["a line"],
            "computeUnitsConsumed": 77,
        },
        "transaction": {"signatures": [signature], "message": {"accountKeys": [owner, "vault"]}},
    }


async def test_transactions_are_read_with_their_token_balances():
    known = {SIGNATURES[0]: transaction_answer(SIGNATURES[0])}
    rpc = node(lambda method, params: {"result": known.get(params[0])})
    found, missing = await rpc.transactions(SIGNATURES[:2])
    assert missing is None
    assert (found.slot, found.error, found.fee, found.compute_units) == (4, None, 5_000, 77)
    assert (found.logs, found.signature_count) == (("a line",), 1)
    [before], [after] = found.token_balances_before, found.token_balances_after
    assert (before.account, before.mint, before.owner) == ("vault", str(MINTS["USDC"]), str(OWNER))
    assert (before.amount, after.amount) == (12, 2**64 - 1)
    assert found.lamport_changes == {str(OWNER): -5_000}


async def test_a_transaction_whose_balances_do_not_fit_its_accounts_is_refused():
    answer = transaction_answer(SIGNATURES[0])
    answer["meta"]["postBalances"] = [5_000]
    with pytest.raises(ChainAnswerInvalid):
        await node(lambda method, params: ok(answer)).transactions(SIGNATURES[:1])


async def test_a_block_that_the_node_lacks_leaves_only_its_transaction_unread():
    answers = {SIGNATURES[0]: error(-32004), SIGNATURES[1]: {"result": transaction_answer(SIGNATURES[1])}}
    missing, found = await node(lambda method, params: answers[params[0]]).transactions(SIGNATURES[:2])
    assert (missing, found.signature) == (None, SIGNATURES[1])


async def test_many_transactions_are_asked_in_groups_that_a_node_takes():
    seen: list = []
    found = await node(lambda method, params: {"result": None}, seen).transactions([SIGNATURES[0]] * 250)
    assert found == [None] * 250
    assert [len(calls) for calls in seen] == [100, 100, 50]


async def test_the_url_is_in_no_log(caplog):
    with caplog.at_level("DEBUG"):
        await node(lambda method, params: {"result": 1}).slot()
    assert "secret" not in caplog.text


async def test_another_transaction_than_asked_for_is_refused():
    rpc = node(lambda method, params: {"result": transaction_answer(SIGNATURES[1])})
    with pytest.raises(ChainAnswerInvalid):
        await rpc.transactions(SIGNATURES[:1])


async def test_balances_count_the_associated_accounts_only():
    mint = MINTS["USDC"]
    own = {
        "pubkey": str(associated_token_address(OWNER, mint)),
        "account": entry(token_account(mint, OWNER, 9).data),
    }
    other = {"pubkey": str(OWNER), "account": entry(token_account(mint, OWNER, 100).data)}

    def answer(method: str, params: list) -> dict:
        if method == "getBalance":
            return ok(123)
        return ok([own, other] if params[1]["programId"] == str(TOKEN_PROGRAM) else [])

    balances = await node(answer).balances(OWNER)
    assert (balances.lamports, balances.tokens, balances.slot) == (123, {mint: 9}, 7)


async def test_an_airdrop_answers_its_signature():
    assert (
        await node(lambda method, params: {"result": SIGNATURES[2]}).request_airdrop(OWNER, 1)
        == SIGNATURES[2]
    )
    with pytest.raises(ChainRefused):
        await node(lambda method, params: error(-32601)).request_airdrop(OWNER, 1)
