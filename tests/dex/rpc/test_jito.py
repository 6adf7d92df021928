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

from dex.config import SYSTEM_PROGRAM
from dex.errors import PolicyViolation
from dex.rpc.jito import TIP_ACCOUNTS, JitoRelay, tip_account
from dex.signing.signer import WalletSigner
from dex.transactions.instructions import transfer
from dex.transactions.swap_plan import SwapPlan, Tip
from dex.transactions.swap_transaction import build_message, compute_units, sign, written_accounts
from tests.dex.plans import GENESIS, altered, check_message, swap_plan
from tests.dex.signing.test_policy import instructions_of

WALLET = GENESIS.wallet.pubkey()
STRANGER = Keypair.from_seed(b"s" * 32).pubkey()
TIP = Tip(TIP_ACCOUNTS[2], 20_000)


def check(plan: SwapPlan, instructions: list[Instruction]) -> None:
    check_message(MessageV0.try_compile(WALLET, instructions, [], plan.blockhash), plan)


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
    assert TIP_ACCOUNTS[2] not in written_accounts(plan)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (transfer(WALLET, TIP_ACCOUNTS[2], 50_001), "above the ceiling"),
        (transfer(WALLET, STRANGER, 20_000), "takes no tips"),
        (transfer(STRANGER, TIP_ACCOUNTS[2], 20_000), "have to sign"),
        (Instruction(SYSTEM_PROGRAM, bytes(transfer(WALLET, TIP_ACCOUNTS[2], 1).data) + b"x", []), "too few"),
    ],
)
def test_a_transfer_that_is_no_tip_or_too_much_is_refused(other: Instruction, why: str) -> None:
    plan = altered(swap_plan("USDC", "USDT"), tip=TIP)
    with pytest.raises(PolicyViolation, match=why):
        check(plan, [*instructions_of(plan)[:-1], other])


def test_a_second_tip_is_refused() -> None:
    plan = altered(swap_plan("USDC", "USDT"), tip=TIP)
    instructions = instructions_of(plan)
    with pytest.raises(PolicyViolation, match="2 instructions of TIP"):
        check(plan, [*instructions, instructions[-1]])


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
