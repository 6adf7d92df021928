"""PumpSwap's instructions: what its SDK makes, and what the signer's policy reads in them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT, SYSTEM_PROGRAM, TOKEN_PROGRAM
from dex.errors import AmountTooSmall, PolicyViolation, UnknownInstruction, UnsupportedPool
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import build_message
from dex.transactions.token_accounts import associated_token_address
from dex.types import QuoteRequest, Route, Swap, SwapMode
from dex.venues.pumpswap import first_form
from dex.venues.pumpswap.addresses import EVENT_AUTHORITY, FEE_CONFIG, GLOBAL_CONFIG, user_volume
from dex.venues.pumpswap.pool import PumpSwapPool
from dex.venues.pumpswap.venue import PumpSwap
from tests.dex.plans import BLOCKHASH, GENESIS, LAST_VALID_BLOCK_HEIGHT, check_message
from tests.dex.recorded_swaps import PUMPSWAP, Recorded, patched, recorded

VENUE = PumpSwap()
WALLET = GENESIS.wallet.pubkey()


def sdk_swaps() -> list[tuple[Recorded, Instruction]]:
    """The swap instructions of the SDK, with their cases."""
    found = []
    for entry in recorded(PUMPSWAP).values():
        for made in entry.case["sdk"].get("instructions", []):
            # Enlarging a pool names five accounts; what moves nothing is no swap that is ever signed.
            moves = int(entry.case["sdk"]["result"]) > 0
            if moves and made["program"] == str(VENUE.program_id) and len(made["accounts"]) > 5:
                metas = [AccountMeta(Pubkey.from_string(k), bool(s), bool(w)) for k, s, w in made["accounts"]]
                found.append((entry, Instruction(VENUE.program_id, bytes.fromhex(made["data"]), metas)))
    return found


def own_swap(entry: Recorded, sells_base: bool, mode: SwapMode = SwapMode.EXACT_IN) -> Swap:
    mints = entry.pool.mints if sells_base else entry.pool.mints[::-1]
    return Swap(WALLET, *mints, Pubkey.new_unique(), Pubkey.new_unique(), 1_000, 10, mode)


def made(entry: Recorded, swap: Swap) -> Instruction:
    (instruction,) = entry.pool.swap_instructions(entry.snapshot, swap)
    return instruction


def test_every_swap_of_the_sdk_is_read_as_the_first_form() -> None:
    counted: Counter[tuple[int, SwapMode]] = Counter()
    for entry, instruction in sdk_swaps():
        is_cashback = entry.case["sdk"]["pool"]["is_cashback"]
        pool, swap, sells_base = first_form.decode(instruction, is_cashback=is_cashback)
        assert (pool.pool, pool.vaults, pool.mints) == (
            entry.pool.address,
            entry.pool.vaults,
            entry.pool.mints,
        )
        assert sells_base is (entry.case["direction"] == "base_to_quote")
        counted[len(instruction.accounts), swap.mode] += 1

    # Purchases of the SDK name what they buy; sales what they sell.
    assert counted == {
        (25, SwapMode.EXACT_OUT): 39,
        (26, SwapMode.EXACT_OUT): 35,
        (27, SwapMode.EXACT_OUT): 1,
        (23, SwapMode.EXACT_IN): 29,
        (24, SwapMode.EXACT_IN): 36,
        (25, SwapMode.EXACT_IN): 2,
        (26, SwapMode.EXACT_IN): 5,
    }


def test_the_signer_reads_the_first_form_of_cashback_coins_alone() -> None:
    for entry, instruction in sdk_swaps():
        if entry.case["sdk"]["pool"]["is_cashback"]:
            assert VENUE.decode_swap(instruction).pool == entry.pool.address
        else:
            with pytest.raises(UnknownInstruction):
                VENUE.decode_swap(instruction)


def of_kind(cashback: int, creator: int) -> Recorded:
    """A canonical SOL pool of a coin with or without cashback and a creator."""
    plain = recorded(PUMPSWAP)["pumpswap-4"]
    creator_key = Pubkey.new_unique() if creator else Pubkey.default()
    snapshot = patched(plain.snapshot, plain.pool.address, 211, bytes(creator_key) + bytes([0, cashback]))
    return plain._replace(snapshot=snapshot)


@pytest.mark.parametrize(
    ("cashback", "creator", "buy", "sell"), [(0, 0, 17, 17), (0, 1, 17, 17), (1, 0, 26, 25), (1, 1, 27, 26)]
)
def test_the_kind_of_a_coin_decides_the_accounts(cashback: int, creator: int, buy: int, sell: int) -> None:
    entry = of_kind(cashback, creator)

    for sells_base, count in ((False, buy), (True, sell)):
        swap = own_swap(entry, sells_base)
        instruction = made(entry, swap)
        decoded = VENUE.decode_swap(instruction)
        assert len(instruction.accounts) == count
        assert (decoded.account_in, decoded.account_out) == (swap.account_in, swap.account_out)


@pytest.mark.parametrize(
    ("sells_base", "mode", "data"),
    [
        (False, SwapMode.EXACT_OUT, "b817ee6167c5d33d0a00000000000000e803000000000000"),
        (False, SwapMode.EXACT_IN, "c2ab1c46684d5b2fe8030000000000000a00000000000000"),
        (True, SwapMode.EXACT_IN, "5df6823ce7e940b2e8030000000000000a00000000000000"),
    ],
)
def test_the_second_form_is_that_of_the_documents(sells_base: bool, mode: SwapMode, data: str) -> None:
    entry = recorded(PUMPSWAP)["pumpswap-4"]
    swap = own_swap(entry, sells_base, mode)
    instruction = made(entry, swap)
    base, quote = entry.pool.mints
    own = (swap.account_in, swap.account_out) if sells_base else (swap.account_out, swap.account_in)
    [buyback] = [meta.pubkey for meta in instruction.accounts[14:15]]
    assert isinstance(entry.pool, PumpSwapPool)
    recipients = entry.pool.recipients(entry.snapshot).buyback
    # pool, user, global_config, mints, the user's accounts, the pool's, programs, system, volume, fees, ...
    expected = [
        *(entry.pool.address, WALLET, GLOBAL_CONFIG, base, quote, *own, *entry.pool.vaults),
        *(TOKEN_PROGRAM, TOKEN_PROGRAM, SYSTEM_PROGRAM, user_volume(WALLET), FEE_CONFIG),
        *(buyback, EVENT_AUTHORITY, VENUE.program_id),
    ]

    assert bytes(instruction.data).hex() == data
    assert [meta.pubkey for meta in instruction.accounts] == expected
    assert buyback in {associated_token_address(each, quote, TOKEN_PROGRAM) for each in recipients}
    written = [place for place, meta in enumerate(instruction.accounts) if meta.is_writable]
    assert written == [0, 1, 5, 6, 7, 8, 12, 14]
    assert [place for place, meta in enumerate(instruction.accounts) if meta.is_signer] == [1]


def test_a_sale_of_an_exact_output_has_no_instruction() -> None:
    entry = recorded(PUMPSWAP)["pumpswap-4"]

    with pytest.raises(UnsupportedPool, match="does not pay one"):
        made(entry, own_swap(entry, sells_base=True, mode=SwapMode.EXACT_OUT))


def test_a_swap_asks_for_one_unit_at_least() -> None:
    entry = recorded(PUMPSWAP)["pumpswap-4"]
    swap = own_swap(entry, sells_base=True)

    assert VENUE.decode_swap(made(entry, replace(swap, amount_out=0))).amount_out == 1
    with pytest.raises(AmountTooSmall):
        made(entry, replace(swap, amount_in=0))


@pytest.mark.parametrize(("cashback", "place", "recipients"), [(0, 14, 8), (1, 9, 8)])
def test_wallets_spread_over_the_recipients(cashback: int, place: int, recipients: int) -> None:
    entry = of_kind(cashback, 0)
    swap = own_swap(entry, sells_base=True)
    payers = [Pubkey.from_bytes(bytes([first]) * 32) for first in range(16)]
    chosen = {made(entry, replace(swap, payer=payer)).accounts[place].pubkey for payer in payers}

    assert len(chosen) == recipients


@pytest.mark.parametrize("sells_base", [False, True])
@pytest.mark.parametrize("cashback", [0, 1])
def test_an_account_in_anothers_place_is_not_decoded(cashback: int, sells_base: bool) -> None:
    instruction = made(of_kind(cashback, 1), own_swap(of_kind(cashback, 1), sells_base))
    # Pool, token accounts and vaults are the swap's own words. Of the second form the mints too, and who is
    # paid for buying back: the program holds both to the pool and its settings.
    free = {0, 5, 6, 7, 8} if cashback else {0, 3, 4, 5, 6, 7, 8, 14}
    for place in set(range(len(instruction.accounts))) - free:
        accounts = list(instruction.accounts)
        accounts[place] = AccountMeta(Pubkey.new_unique(), False, True)
        with pytest.raises(UnknownInstruction):
            VENUE.decode_swap(Instruction(VENUE.program_id, bytes(instruction.data), accounts))


def plan_of(entry: Recorded, request: QuoteRequest) -> SwapPlan:
    quote = entry.pool.quote(entry.snapshot, request)
    return SwapPlan(
        payer=WALLET,
        route=replace(Route.of(quote), min_amount_out=quote.amount_out),
        pools={entry.pool.address: entry.pool},
        venues={VENUE.name: VENUE},
        snapshot=entry.snapshot,
        memo="order-1/1",
        account_seed="temporary-1",
        blockhash=BLOCKHASH,
        last_valid_block_height=LAST_VALID_BLOCK_HEIGHT,
    )


@pytest.mark.parametrize("sells_base", [False, True])
def test_the_policy_signs_a_swap_and_no_other_way_round(sells_base: bool) -> None:
    entry = recorded(PUMPSWAP)["pumpswap-4"]
    mints = entry.pool.mints if sells_base else entry.pool.mints[::-1]
    plan = plan_of(entry, QuoteRequest(*mints, 1_000_000))
    message = build_message(plan)

    assert NATIVE_MINT in mints
    # With room for a longer memo and a priority fee.
    assert len(bytes(message)) + 1 + 64 <= 1_000
    check_message(message, plan)
    asked_more = replace(plan, route=replace(plan.route, min_amount_out=plan.route.min_amount_out + 1))
    with pytest.raises(PolicyViolation):
        check_message(message, asked_more)
