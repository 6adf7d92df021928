"""The node client: what it asks, and how it reads answers."""

import pytest
from solders.keypair import Keypair

from dex.config import CLOCK_SYSVAR, TOKEN_PROGRAM
from dex.errors import ChainAnswerInvalid, ChainBusy, ChainRefused
from dex.localnet.genesis_layouts import token_account
from dex.transactions.token_accounts import associated_token_address
from dex.types import AccountFilter
from tests.dex.plans import MINTS
from tests.dex.rpc.scripted_node import OWNER, SIGNATURES, clock, entry, error, node, ok


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


async def test_the_newest_snapshot_is_of_the_slot_that_is_filled():
    seen: list = []
    rpc = node(lambda method, params: ok([clock(7), entry(b"abc")]), seen)
    address = Keypair().pubkey()
    assert (await rpc.newest_snapshot([address])).account(address).data == b"abc"
    assert (await rpc.snapshot([address])).account(address).data == b"abc"
    assert [calls[0][1][1]["commitment"] for calls in seen] == ["processed", "confirmed"]


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
