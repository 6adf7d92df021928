"""Launches that are traps: a purchase goes through, and what it bought is lost a few slots later."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from solders.account import Account
from solders.instruction import AccountMeta, Instruction
from solders.message import MessageV0
from solders.transaction import VersionedTransaction

from dex.errors import DexError, InsufficientLiquidity
from dex.localnet.blocks import Commitment
from dex.localnet.genesis_layouts import token_account
from dex.localnet.launches.plan import SUPPLY_TOKENS, FeeKind, LaunchVenue, Trap, Wish, wish_in_turn
from dex.localnet.launches.record import LaunchRecord
from dex.localnet.launches.tokens import of_its_program
from dex.localnet.launches.traps import CHANGED_AFTER_SLOTS, FROZEN_AFTER_SLOTS, PULLED_AFTER_SLOTS
from dex.localnet.token_accounts import read_mint, read_token_account
from dex.transactions.token_accounts import associated_token_address
from tests.dex.localnet.launch_scene import Scene, launch_scene
from tests.dex.localnet.network_swaps import WALLET

SOL = 10**9


@pytest.fixture
def scene() -> Iterator[Scene]:
    with launch_scene() as found:
        yield found


def bought(scene: Scene, trap: Trap, venue: LaunchVenue = LaunchVenue.CPMM) -> LaunchRecord:
    """A trap that the wallet has bought for one SOL in the slot of its opening."""
    record = scene.launched(Wish(venue, "SOL", opens_in_slots=5, fee=FeeKind.FLAT, trap=trap))
    while record.opened_slot is None:
        scene.advance()
    assert scene.buy(record, SOL) is None
    return record


def held(scene: Scene, record: LaunchRecord) -> int:
    plan = record.plan
    account = read_token_account(
        scene.account(associated_token_address(WALLET, plan.token.mint, plan.token_program))
    )
    assert account is not None
    return account.amount


@pytest.mark.parametrize("venue", [LaunchVenue.CPMM, LaunchVenue.DAMM_V2, LaunchVenue.CLMM])
def test_a_buyers_account_is_frozen(scene: Scene, venue: LaunchVenue) -> None:
    record = bought(scene, Trap.FREEZE, venue)
    mint = read_mint(scene.account(record.plan.token.mint))
    assert mint is not None
    assert mint.freeze_authority == record.plan.creator.pubkey()
    scene.advance(FROZEN_AFTER_SLOTS - 1)
    assert scene.sell(record, held(scene, record) // 2) is None

    scene.advance()

    assert record.sprung_slot == scene.chain.slot
    frozen = scene.chain.blocks[-1].executions[0]
    assert frozen.transaction.message.account_keys[0] == record.plan.creator.pubkey()
    error = scene.sell(record, held(scene, record) // 2)
    assert isinstance(error, dict)
    assert error["InstructionError"][1] == {"Custom": 17}  # spl-token AccountFrozen


@pytest.mark.parametrize("venue", [LaunchVenue.CPMM, LaunchVenue.DAMM_V2])
def test_a_transfer_fee_is_raised(scene: Scene, venue: LaunchVenue) -> None:
    record = bought(scene, Trap.TRANSFER_FEE, venue)
    plan, amount = record.plan, held(scene, record)
    before = scene.quote(record, plan.token.mint, plan.quote.mint, amount)
    scene.advance(CHANGED_AFTER_SLOTS)
    after = scene.quote(record, plan.token.mint, plan.quote.mint, amount)
    assert before > SOL * 2 // 5
    assert after < before // 90
    assert scene.sell(record, amount) is None


@pytest.mark.parametrize("venue", [LaunchVenue.CPMM, LaunchVenue.DAMM_V2, LaunchVenue.AMM_V4])
def test_liquidity_is_pulled_after_the_opening(scene: Scene, venue: LaunchVenue) -> None:
    record = bought(scene, Trap.LIQUIDITY, venue)
    plan, amount = record.plan, held(scene, record)
    scene.advance(PULLED_AFTER_SLOTS)
    assert record.sprung_slot == scene.chain.slot
    try:
        after = scene.quote(record, plan.token.mint, plan.quote.mint, amount)
    except InsufficientLiquidity:
        after = 0
    assert after < SOL // 4


def test_a_hook_is_set_after_the_opening(scene: Scene) -> None:
    record = scene.launched(wish := Wish(LaunchVenue.CPMM, "SOL", opens_in_slots=5, trap=Trap.HOOK))
    while record.plan.pooled == SUPPLY_TOKENS:
        record = scene.launched(wish)
    while record.opened_slot is None:
        scene.advance()
    assert transferred(scene, record) is None
    scene.advance(CHANGED_AFTER_SLOTS)
    assert transferred(scene, record) is not None


def test_a_token_that_cannot_be_moved_cannot_be_bought(scene: Scene) -> None:
    record = scene.launched(wish := Wish(LaunchVenue.DAMM_V2, "SOL", trap=Trap.NON_TRANSFERABLE))
    while record.plan.pooled == SUPPLY_TOKENS:
        record = scene.launched(wish)
    error = transferred(scene, record)
    assert isinstance(error, dict)
    assert error["InstructionError"][1] == {"Custom": 37}  # spl-token-2022 NonTransferable


@pytest.mark.parametrize("trap", [Trap.HOOK, Trap.NON_TRANSFERABLE])
@pytest.mark.parametrize("venue", [LaunchVenue.CPMM, LaunchVenue.DAMM_V2])
def test_the_adapters_quote_no_such_token(scene: Scene, venue: LaunchVenue, trap: Trap) -> None:
    record = scene.launched(Wish(venue, "SOL", trap=trap))
    with pytest.raises(DexError):
        scene.quote(record, record.plan.quote.mint, record.plan.token.mint, SOL)


def transferred(scene: Scene, record: LaunchRecord) -> object:
    """The error of a transfer of one unit from the creator to the wallet."""
    plan = record.plan
    creator, mint = plan.creator, plan.token.mint
    source, target = (
        associated_token_address(owner, mint, plan.token_program) for owner in (creator.pubkey(), WALLET)
    )
    account = of_its_program(plan, token_account(mint, WALLET, 0))
    new = Account(account.lamports, account.data, account.owner)
    scene.chain.change_accounts(lambda _: {target: new})
    metas = [
        AccountMeta(source, is_signer=False, is_writable=True),
        AccountMeta(mint, is_signer=False, is_writable=False),
        AccountMeta(target, is_signer=False, is_writable=True),
        AccountMeta(creator.pubkey(), is_signer=True, is_writable=False),
    ]
    data = struct.pack("<BQB", 12, 1, plan.token.decimals)
    blockhash, _ = scene.chain.latest_blockhash(Commitment.PROCESSED)
    message = MessageV0.try_compile(
        creator.pubkey(), [Instruction(plan.token_program, data, metas)], [], blockhash
    )
    execution = scene.chain.execute(VersionedTransaction(message, [creator]))
    assert execution is not None
    return execution.error


def test_every_tenth_launch_is_a_trap_of_each_kind_in_turn() -> None:
    wishes = [wish_in_turn(number) for number in range(60)]
    traps = [wish.trap for wish in wishes]
    assert [number for number, trap in enumerate(traps) if trap] == [9, 19, 29, 39, 49, 59]
    assert [trap for trap in traps if trap] == [*Trap, Trap.FREEZE]
    assert [wish.venue for wish in wishes if wish.trap] == [
        LaunchVenue.CLMM,
        LaunchVenue.DAMM_V2,
        LaunchVenue.CPMM,
        LaunchVenue.DAMM_V2,
        LaunchVenue.DAMM_V2,
        LaunchVenue.WHIRLPOOL,
    ]
