"""The JSON-RPC envelope, refusals and batches, as raw HTTP."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import Message
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from dex.localnet.blocks import Commitment
from dex.localnet.server import Localnet
from tests.dex.localnet.scenes import FRIEND, LARGE, PAYER, SOL, eventually, funded, payment
from tests.localnet_process import running_localnet


@pytest_asyncio.fixture
async def network() -> AsyncIterator[Localnet]:
    async with running_localnet(funded()) as found:
        yield found


@pytest_asyncio.fixture
async def http(network: Localnet) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=network.url) as found:
        yield found


async def ask(http: httpx2.AsyncClient, method: str, *params: object) -> dict:
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    answer = (await http.post("/", json=body)).json()
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", 7)
    return answer


def wire(transaction: VersionedTransaction) -> str:
    return b64encode(bytes(transaction)).decode()


def fresh_payment(network: Localnet, lamports: int) -> VersionedTransaction:
    return payment(lamports, network.chain.latest_blockhash(Commitment.PROCESSED)[0])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{not json", -32700),
        (b'"text"', -32600),
        (b"[]", -32600),
        (b'{"jsonrpc":"2.0","id":1}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"getNothing"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"getBalance"}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getBalance","params":["xyz"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getSlot","params":[{"commitment":"maybe"}]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getSlot","params":[{"minContextSlot":99999}]}', -32016),
        (b'{"jsonrpc":"2.0","id":1,"method":"getBlockTime","params":[99999]}', -32004),
        (b'{"jsonrpc":"2.0","id":1,"method":"sendTransaction","params":["AQ=="]}', -32602),
    ],
)
async def test_bad_requests_have_solanas_codes(http: httpx2.AsyncClient, body: bytes, code: int) -> None:
    response = await http.post("/", content=body)
    assert response.status_code == 200
    assert response.json()["error"]["code"] == code


async def test_min_context_slot_error_names_the_slot(http: httpx2.AsyncClient, network: Localnet) -> None:
    answer = await ask(http, "getBalance", str(FRIEND), {"minContextSlot": 10**6, "commitment": "processed"})
    assert answer["error"]["message"] == "Minimum context slot has not been reached"
    assert 0 < answer["error"]["data"]["contextSlot"] <= network.chain.slot


async def test_batch_is_answered_in_order_and_notifications_are_not(http: httpx2.AsyncClient) -> None:
    batch = [
        {"jsonrpc": "2.0", "id": "a", "method": "getHealth"},
        {"jsonrpc": "2.0", "method": "getHealth"},
        {"jsonrpc": "2.0", "id": 2, "method": "nothing"},
        17,
    ]
    answers = (await http.post("/", json=batch)).json()
    assert [answer["id"] for answer in answers] == ["a", 2, None]
    assert answers[0]["result"] == "ok"
    assert [answer["error"]["code"] for answer in answers[1:]] == [-32601, -32600]


async def test_health_page_and_wrong_verb(http: httpx2.AsyncClient) -> None:
    health = await http.get("/health")
    assert (health.status_code, health.text) == (200, "ok")
    assert (await http.get("/")).status_code == 405


async def test_batch_of_300_payments_all_land_once(http: httpx2.AsyncClient, network: Localnet) -> None:
    batch = [
        {
            "jsonrpc": "2.0",
            "id": number,
            "method": "sendTransaction",
            "params": [
                wire(fresh_payment(network, number)),
                {"encoding": "base64", "skipPreflight": True},
            ],
        }
        for number in range(1, 301)
    ]
    answers = (await http.post("/", json=batch + batch[:10])).json()
    assert answers[:10] == answers[300:]
    assert len({answer["result"] for answer in answers}) == 300
    balance = await ask(http, "getBalance", str(FRIEND), {"commitment": "processed"})
    assert balance["result"]["value"] == SOL + sum(range(1, 301))


async def test_forged_signature_is_refused(http: httpx2.AsyncClient, network: Localnet) -> None:
    genuine = fresh_payment(network, 5)
    forged = VersionedTransaction.populate(genuine.message, [Keypair().sign_message(b"other")])
    for skip in (True, False):
        answer = await ask(
            http, "sendTransaction", wire(forged), {"encoding": "base64", "skipPreflight": skip}
        )
        assert answer["error"] == {"code": -32003, "message": "Transaction signature verification failure"}


async def test_preflight_failure_carries_error_logs_and_units(
    http: httpx2.AsyncClient, network: Localnet
) -> None:
    options = {"encoding": "base64", "preflightCommitment": "processed"}
    answer = await ask(http, "sendTransaction", wire(fresh_payment(network, 5_000 * SOL)), options)
    assert answer["error"]["code"] == -32002
    data = answer["error"]["data"]
    assert data["err"] == {"InstructionError": [0, {"Custom": 1}]}
    assert data["unitsConsumed"] == 150
    assert data["logs"][-1].endswith("failed: custom program error: 0x1")


async def test_unpayable_transaction_leaves_no_status(http: httpx2.AsyncClient, network: Localnet) -> None:
    poor = Keypair()
    blockhash = network.chain.latest_blockhash(Commitment.PROCESSED)[0]
    pay = transfer(TransferParams(from_pubkey=poor.pubkey(), to_pubkey=FRIEND, lamports=1))
    message = Message.new_with_blockhash([pay], poor.pubkey(), blockhash)
    raw = wire(VersionedTransaction(message, [poor]))
    sent = await ask(http, "sendTransaction", raw, {"encoding": "base64", "skipPreflight": True})
    options = {"searchTransactionHistory": True}
    statuses = await ask(http, "getSignatureStatuses", [sent["result"]], options)
    assert statuses["result"]["value"] == [None]


async def test_blockhash_newer_than_the_preflight_bank_is_unknown_to_it(
    http: httpx2.AsyncClient, network: Localnet
) -> None:
    raw = wire(fresh_payment(network, 5))
    answer = await ask(http, "sendTransaction", raw, {"encoding": "base64"})
    assert answer["error"]["data"]["err"] == "BlockhashNotFound"
    assert answer["error"]["message"] == "Transaction simulation failed: Blockhash not found"


async def test_expired_transaction_is_dropped(http: httpx2.AsyncClient, network: Localnet) -> None:
    transaction = fresh_payment(network, 5)
    await network.advance(151)
    options = {"encoding": "base64", "skipPreflight": True}
    sent = await ask(http, "sendTransaction", wire(transaction), options)
    assert sent["result"] == str(transaction.signatures[0])
    statuses = await ask(http, "getSignatureStatuses", [sent["result"]])
    assert statuses["result"]["value"] == [None]


async def test_accounts_are_read_as_of_the_commitment(http: httpx2.AsyncClient, network: Localnet) -> None:
    options = {"encoding": "base64", "skipPreflight": True}
    await ask(http, "sendTransaction", wire(fresh_payment(network, 500)), options)
    await network.advance(2)
    found = {
        level: (await ask(http, "getBalance", str(FRIEND), {"commitment": level}))["result"]["value"]
        for level in ("processed", "confirmed", "finalized")
    }
    assert found == {"processed": SOL + 500, "confirmed": SOL + 500, "finalized": SOL}
    await network.advance(31)
    answer = await ask(http, "getBalance", str(FRIEND))
    assert answer["result"]["value"] == SOL + 500


async def test_old_signatures_need_a_history_search(http: httpx2.AsyncClient, network: Localnet) -> None:
    options = {"encoding": "base64", "skipPreflight": True}
    signature = (await ask(http, "sendTransaction", wire(fresh_payment(network, 5)), options))["result"]
    await network.advance(303)
    recent = await ask(http, "getSignatureStatuses", [signature])
    assert recent["result"]["value"] == [None]
    history = await ask(http, "getSignatureStatuses", [signature], {"searchTransactionHistory": True})
    [status] = history["result"]["value"]
    assert (status["confirmationStatus"], status["confirmations"], status["status"]) == (
        "finalized",
        None,
        {"Ok": None},
    )


async def test_too_many_inputs_are_refused(http: httpx2.AsyncClient) -> None:
    accounts = await ask(http, "getMultipleAccounts", [str(FRIEND)] * 101)
    assert accounts["error"] == {"code": -32602, "message": "Too many inputs provided; max 100"}
    signatures = await ask(http, "getSignatureStatuses", ["1" * 64] * 257)
    assert signatures["error"] == {"code": -32602, "message": "Too many inputs provided; max 256"}


async def test_large_account_refuses_base58_and_slices(http: httpx2.AsyncClient) -> None:
    confirmed = {"commitment": "confirmed"}
    refused = await ask(http, "getAccountInfo", str(LARGE), {**confirmed, "encoding": "base58"})
    assert refused["error"]["code"] == -32600
    options = {**confirmed, "encoding": "base64", "dataSlice": {"offset": 127, "length": 8}}
    found = (await ask(http, "getAccountInfo", str(LARGE), options))["result"]["value"]
    assert (found["data"], found["space"]) == (["AAA=", "base64"], 129)


async def test_memcmp_reads_base58_base64_and_byte_lists(http: httpx2.AsyncClient) -> None:
    for filters, hits in (
        ([{"dataSize": 129}, {"memcmp": {"offset": 0, "bytes": "11"}}], 1),
        ([{"memcmp": {"offset": 127, "bytes": "AAA=", "encoding": "base64"}}], 1),
        ([{"memcmp": {"offset": 127, "bytes": [0, 0]}}], 1),
        ([{"memcmp": {"offset": 128, "bytes": "11"}}], 0),
        ([{"memcmp": {"offset": 0, "bytes": "2"}}], 0),
    ):
        options = {"encoding": "base64", "filters": filters, "withContext": True}
        answer = await ask(http, "getProgramAccounts", str(PAYER.pubkey()), options)
        assert len(answer["result"]["value"]) == hits, filters


async def test_legacy_transaction_needs_no_version_option(
    http: httpx2.AsyncClient, network: Localnet
) -> None:
    blockhash = network.chain.latest_blockhash(Commitment.PROCESSED)[0]
    pay = transfer(TransferParams(from_pubkey=PAYER.pubkey(), to_pubkey=FRIEND, lamports=3))
    transaction = VersionedTransaction(Message.new_with_blockhash([pay], PAYER.pubkey(), blockhash), [PAYER])
    options = {"encoding": "base64", "skipPreflight": True}
    signature = (await ask(http, "sendTransaction", wire(transaction), options))["result"]
    found = await eventually(
        lambda: ask(http, "getTransaction", signature, {"commitment": "confirmed"}),
        lambda answer: answer["result"] is not None,
    )
    result = found["result"]
    assert "version" not in result
    assert result["transaction"]["signatures"] == [signature]
    assert result["meta"]["status"] == {"Ok": None}
    assert result["transaction"]["message"]["recentBlockhash"] == str(blockhash)


async def test_fee_includes_the_priority_fee_rounded_up(http: httpx2.AsyncClient, network: Localnet) -> None:
    from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price

    blockhash = network.chain.latest_blockhash(Commitment.PROCESSED)[0]
    pay = transfer(TransferParams(from_pubkey=PAYER.pubkey(), to_pubkey=FRIEND, lamports=3))
    instructions = [set_compute_unit_limit(1_001), set_compute_unit_price(1_500), pay]
    message = Message.new_with_blockhash(instructions, PAYER.pubkey(), blockhash)
    encoded = b64encode(bytes(message)).decode()
    answer = await ask(http, "getFeeForMessage", encoded, {"commitment": "processed"})
    assert answer["result"]["value"] == 5_002
    stale = Message.new_with_blockhash(instructions, PAYER.pubkey(), Hash.default())
    answer = await ask(http, "getFeeForMessage", b64encode(bytes(stale)).decode())
    assert answer["result"]["value"] is None


async def test_keep_alive_serves_many_requests_on_one_connection(http: httpx2.AsyncClient) -> None:
    slots = [(await ask(http, "getSlot", {"commitment": "processed"}))["result"] for _ in range(20)]
    assert slots == sorted(slots)
    answer = await http.post("/", content=json.dumps({"jsonrpc": "2.0", "method": "getHealth"}))
    assert (answer.status_code, answer.content) == (200, b"")
