"""Tips: one planned transfer to a tip account is signed, and nothing that looks like one."""

from __future__ import annotations

import base64
import json

import httpx2
import pytest
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey

from dex.errors import PolicyViolation
from dex.rpc.jito import MOST_TIP, TIP_ACCOUNTS, JitoRelay, tip_account
from dex.rpc.priority_fees import written_accounts
from dex.signing.policy import check_policy
from dex.signing.signer import WalletSigner
from dex.transactions.instructions import transfer
from dex.transactions.swap_transaction import SwapPlan, Tip, build_message, compute_units, sign
from tests.dex.plans import GENESIS, VENUES, altered, swap_plan
from tests.dex.signing.test_policy import instructions_of

WALLET = GENESIS.wallet.pubkey()
STRANGER = Keypair.from_seed(b"s" * 32).pubkey()
TIP = Tip(TIP_ACCOUNTS[2], 20_000)


def check(plan: SwapPlan, instructions: list[Instruction]) -> None:
    message = MessageV0.try_compile(WALLET, instructions, [], plan.blockhash)
    check_policy(message, wallet=WALLET, allowed_programs=list(VENUES), plan=plan)


@pytest.mark.parametrize("dex", ["raydium", "meteora"])
@pytest.mark.parametrize(("token_in", "token_out"), [("SOL", "USDC"), ("USDC", "SOL"), ("USDC", "USDT")])
def test_the_planned_tip_is_the_last_instruction_and_is_signed(
    dex: str, token_in: str, token_out: str
) -> None:
    plan = altered(swap_plan(token_in, token_out, dex), tip=TIP, compute_unit_price=7)
    instructions = instructions_of(plan)
    assert instructions[-1] == transfer(WALLET, TIP_ACCOUNTS[2], 20_000)
    check(plan, instructions)
    assert len(sign(build_message(plan), WalletSigner(GENESIS.wallet), 150).raw) <= 1232
    assert compute_units(plan) == compute_units(altered(plan, tip=None)) + 300
    assert TIP_ACCOUNTS[2] not in written_accounts(build_message(plan), plan)


@pytest.mark.parametrize(
    "other",
    [
        transfer(WALLET, TIP_ACCOUNTS[2], 20_001),
        transfer(WALLET, TIP_ACCOUNTS[3], 20_000),
        transfer(WALLET, STRANGER, 20_000),
    ],
)
def test_another_transfer_than_the_planned_tip_is_refused(other: Instruction) -> None:
    plan = altered(swap_plan("USDC", "USDT"), tip=TIP)
    with pytest.raises(PolicyViolation, match="not the planned tip"):
        check(plan, [*instructions_of(plan)[:-1], other])


def test_a_tip_twice_or_not_at_all_is_refused() -> None:
    plan = altered(swap_plan("USDC", "USDT"), tip=TIP)
    instructions = instructions_of(plan)
    with pytest.raises(PolicyViolation, match="2 tips, expected 1"):
        check(plan, [*instructions, instructions[-1]])
    with pytest.raises(PolicyViolation, match="0 tips, expected 1"):
        check(plan, instructions[:-1])


def test_a_transfer_without_a_planned_tip_is_refused() -> None:
    plan = swap_plan("USDC", "USDT")
    with pytest.raises(PolicyViolation, match="system instruction 2"):
        check(plan, [*instructions_of(plan), transfer(WALLET, TIP_ACCOUNTS[0], 1_000)])


@pytest.mark.parametrize(
    ("tip", "why"),
    [
        (Tip(STRANGER, 20_000), "takes none"),
        (Tip(TIP_ACCOUNTS[0], MOST_TIP + 1), "out of range"),
        (Tip(TIP_ACCOUNTS[0], 0), "out of range"),
    ],
)
def test_a_plan_that_tips_somebody_else_or_too_much_is_refused(tip: Tip, why: str) -> None:
    plan = altered(swap_plan("USDC", "USDT"), tip=tip)
    with pytest.raises(PolicyViolation, match=why):
        check(plan, instructions_of(plan))


def test_transactions_spread_over_the_tip_accounts_and_a_memo_always_has_the_same() -> None:
    chosen: list[Pubkey] = [tip_account(f"order {number} attempt 1") for number in range(200)]
    assert set(chosen) == set(TIP_ACCOUNTS)
    assert chosen == [tip_account(f"order {number} attempt 1") for number in range(200)]


async def test_each_transaction_is_a_request_of_its_own_and_errors_stay_here() -> None:
    asked: list[tuple[str, str, list[object]]] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        asked.append((str(request.url), body["method"], body["params"]))
        return httpx2.Response(429 if len(asked) == 1 else 500)

    relay = JitoRelay("http://jito.test/api/v1/transactions", transport=httpx2.MockTransport(handle))
    relay.send_soon([b"one", b"two"])
    await relay.aclose()
    url = "http://jito.test/api/v1/transactions"
    expected = [
        (url, "sendTransaction", [base64.b64encode(raw).decode(), {"encoding": "base64"}])
        for raw in (b"one", b"two")
    ]
    assert sorted(asked, key=str) == sorted(expected, key=str)
