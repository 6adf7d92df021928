"""Launches on localnet: what is on chain when, from when on a pool can be bought from, and at which fee."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from solders.account import Account

from dex.config import LOCALNET
from dex.launches.creations import creations_in
from dex.launches.executed import executed_in
from dex.launches.locks import locked_bps, lp_mint
from dex.launches.openings import Unit, opening_of
from dex.localnet.errors import RpcError
from dex.localnet.genesis_pools.market import Market
from dex.localnet.launches.methods import LaunchMethods
from dex.localnet.launches.plan import CREATED_EMPTY, FeeKind, LaunchVenue, Trap, Wish, mint_keypair
from dex.localnet.launches.pools import created_pool, sides_of
from dex.localnet.launches.record import LaunchRecord
from dex.localnet.parameters import Parameters
from dex.localnet.token_accounts import read_mint
from dex.tokens.metadata import TokenNames, metadata_address, token_names
from dex.types import AccountData
from tests.dex.localnet.launch_scene import Scene, launch_scene
from tests.dex.localnet.network_swaps import VENUES

MILLI_SOL = 1_000_000
NOT_OPEN = {
    LaunchVenue.CPMM: {"Custom": 6000},
    LaunchVenue.AMM_V4: {"Custom": 22},
    LaunchVenue.DAMM_V2: {"Custom": 6003},
}


@pytest.fixture
def scene() -> Iterator[Scene]:
    with launch_scene() as found:
        yield found


def call(scene: Scene, method: str, *parameters: object) -> object:
    answer = LaunchMethods(scene.launcher).methods()[method](scene.chain, Parameters(list(parameters)))
    assert isinstance(answer, dict)
    return answer["value"]


def refusal(error: object) -> object:
    assert isinstance(error, dict)
    return error["InstructionError"][1]


@pytest.mark.parametrize("venue", NOT_OPEN)
def test_no_swap_before_the_opening_and_one_from_it_on(scene: Scene, venue: LaunchVenue) -> None:
    record = scene.launched(Wish(venue, "SOL", opens_in_slots=10, fee=FeeKind.FLAT))
    opening = record.opening
    assert opening is not None
    while record.opened_slot is None:
        assert refusal(scene.buy(record, MILLI_SOL)) == NOT_OPEN[venue]
        scene.advance()

    assert scene.buy(record, MILLI_SOL) is None
    block = scene.chain.blocks[-1]
    point = block.slot if opening.unit is Unit.SLOT else block.block_time
    assert point == opening.point
    assert 8 <= record.opened_slot - record.created_slot <= 12
    bought = scene.quote(record, record.plan.quote.mint, record.plan.token.mint, MILLI_SOL)
    assert scene.sell(record, bought // 2) is None


@pytest.mark.parametrize("venue", sorted(CREATED_EMPTY))
def test_a_pool_created_empty_is_funded_later(scene: Scene, venue: LaunchVenue) -> None:
    record = scene.launched(Wish(venue, "SOL", opens_in_slots=5))
    scene.advance(4)
    _, empty = scene.opened_pool(record)
    assert [scene.account(vault).data[64:72] for vault in empty.vaults] == [bytes(8), bytes(8)]
    assert (record.funded_slot, record.opened_slot) == (None, None)

    scene.advance()

    assert record.funded_slot == record.opened_slot == record.created_slot + 5
    assert scene.buy(record, MILLI_SOL) is None


def test_the_account_says_when_the_pool_opens(scene: Scene) -> None:
    for venue in (*NOT_OPEN, LaunchVenue.CLMM):
        record = scene.launched(Wish(venue))
        found = scene.account(record.pool)
        account = AccountData(found.owner, found.lamports, found.data)
        assert opening_of(venue.value, account) == record.opening


@pytest.mark.parametrize(
    ("kind", "fees"),
    [
        # bps of a small purchase at the opening, 30 and 300 slots (or 60 periods and more) later
        (FeeKind.FLAT, (25, 25, 25)),
        (FeeKind.LINEAR, (5000, 4503, 25)),
        (FeeKind.EXPONENTIAL, (5000, 3449, 122)),
    ],
)
def test_a_fee_falls_from_its_cliff(scene: Scene, kind: FeeKind, fees: tuple[int, int, int]) -> None:
    record = scene.launched(by_slot(scene, kind))
    seen = []
    for slots in (2, 30, 300):
        scene.advance(slots)
        seen.append(fee_bps(scene, record, MILLI_SOL))
    assert tuple(seen) == fees


def test_a_limited_rate_grows_with_the_purchase(scene: Scene) -> None:
    record = scene.launched(by_slot(scene, FeeKind.RATE_LIMITER))
    scene.advance(2)
    one = record.plan.liquidity * 10**9 // 100
    # 1 % up to the reference amount, then 1 % more for each: 1, 1.5, 2.5 on average.
    assert [fee_bps(scene, record, one * count) for count in (1, 2, 4)] == [100, 150, 250]


def by_slot(scene: Scene, kind: FeeKind) -> Wish:
    """A wish whose pool counts in slots: launches of the other kind come before it."""
    wish = Wish(LaunchVenue.DAMM_V2, "SOL", opens_in_slots=2, fee=kind)
    while not scene.launcher.next_plan(wish).by_slot:
        scene.launched(wish)
    return wish


def fee_bps(scene: Scene, record: LaunchRecord, amount: int) -> int:
    """What the pool keeps of a purchase, against the same purchase without a fee."""
    plan = record.plan
    received = scene.quote(record, plan.quote.mint, plan.token.mint, amount)
    quote_units, token_units = plan.price
    net = received * quote_units // (token_units - received)
    return round((1 - net / amount) * 10_000)


def test_a_token_has_no_authorities_and_a_name(scene: Scene) -> None:
    record = scene.launched()
    token = record.plan.token
    mint = read_mint(scene.account(token.mint))
    assert mint is not None
    assert (mint.authority, mint.freeze_authority) == (None, None)
    assert (mint.supply, mint.decimals) == (10**9 * 10**token.decimals, token.decimals)
    data = scene.account(metadata_address(token.mint))
    metadata = AccountData(data.owner, data.lamports, data.data)
    names = token_names(token.mint, AccountData(data.owner, 0, b""), metadata)
    assert names.symbol == token.symbol
    assert names == TokenNames(token.symbol, f"{token.symbol.capitalize()} of localnet")


def test_launches_come_in_turn_and_again_by_their_seed() -> None:
    with launch_scene(every=10) as first, launch_scene(every=10) as again, launch_scene(10, seed=2) as other:
        for scene in (first, again, other):
            scene.advance(67)
        records = [scene.launcher.records for scene in (first, again, other)]
    assert [each.plan.venue for each in records[0]] == list(LaunchVenue)
    assert [each.created_slot for each in records[0]] == [10, 20, 30, 40, 50, 60]
    assert [each.as_json() for each in records[0]] == [each.as_json() for each in records[1]]
    assert records[0][0].plan.token.mint != records[2][0].plan.token.mint


def test_the_next_launch_is_one_that_is_not_there(scene: Scene) -> None:
    scene.launched()
    with launch_scene() as later:
        # As after a restart: the mint of launch 0 is on chain, the launcher knows nothing of it.
        mint = mint_keypair(0, 1).pubkey()
        later.chain.change_accounts(lambda _: {mint: scene.account(mint)})
        assert later.launched().plan.number == 1


def test_a_call_launches_and_answers_what_it_made(scene: Scene) -> None:
    wish = {"venue": "raydium-cpmm", "quote": "USDC", "opensInSlots": 5, "liquidity": 1000}
    answer = call(scene, "localnet_launch", wish)
    assert isinstance(answer, dict)
    record = scene.launcher.records[0]
    assert answer == record.as_json()
    assert (answer["venue"], answer["quote"], answer["openedSlot"]) == ("raydium-cpmm", "USDC", None)
    assert answer["opening"] == {"unit": "unix", "point": 1_760_000_002, "after": False}
    assert call(scene, "localnet_launches") == [answer]
    assert call(scene, "localnet_launches", {"from": 1}) == []


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"venue": "raydium"}, "unknown variant `raydium`"),
        ({"quote": "JUP"}, "unknown variant `JUP`"),
        ({"fee": "none"}, "unknown variant `none`"),
        ({"opens": 3}, "unknown field `opens`"),
        ({"opensInSlots": 100_001}, "`opensInSlots` is at most 100000"),
    ],
)
def test_a_wish_that_cannot_be_read_is_refused(scene: Scene, wish: object, why: str) -> None:
    with pytest.raises(RpcError, match=why):
        call(scene, "localnet_launch", wish)
    assert scene.launcher.records == []


@pytest.mark.parametrize("quote", ["SOL", "USDC"])
@pytest.mark.parametrize("venue", [LaunchVenue.CPMM, LaunchVenue.DAMM_V2])
def test_a_transaction_creates_the_pool(scene: Scene, venue: LaunchVenue, quote: str) -> None:
    record = scene.launched(Wish(venue, quote))
    [execution] = scene.chain.blocks[-1].executions
    assert (execution.signature, execution.error) == (record.signature, None)
    executed = list(executed_in(execution.transaction, []))
    [creation] = creations_in(executed, {VENUES[venue.value].program_id: venue.value})
    assert creation.pool == record.pool
    assert record.opening is not None
    assert creation.asked == (record.opening.point if venue is LaunchVenue.CPMM else None)
    assert len(bytes(execution.transaction)) <= 1232


@pytest.mark.parametrize("venue", NOT_OPEN)
def test_the_pool_is_as_if_it_had_been_written(scene: Scene, venue: LaunchVenue) -> None:
    record = scene.launched(Wish(venue, "USDC"))
    plan, found = record.plan, scene.account(record.pool)
    market = Market({}, plan.creator.pubkey(), LOCALNET)
    built = created_pool(plan, record.opening, market).accounts[record.pool]
    assert found.data == built.data
    account = AccountData(found.owner, found.lamports, found.data)
    mint = lp_mint(venue.value, account)
    supply = None if mint is None else read_mint(scene.account(mint))
    assert locked_bps(venue.value, account, None if supply is None else supply.supply) == 10_000


def test_a_creator_who_keeps_the_liquidity_can_be_told(scene: Scene) -> None:
    for venue in NOT_OPEN:
        record = scene.launched(Wish(venue, trap=Trap.LIQUIDITY))
        found = scene.account(record.pool)
        account = AccountData(found.owner, found.lamports, found.data)
        mint = lp_mint(venue.value, account)
        supply = None if mint is None else read_mint(scene.account(mint))
        assert locked_bps(venue.value, account, None if supply is None else supply.supply) == 0


def test_where_the_transaction_fails_the_pool_is_written(scene: Scene) -> None:
    wish = Wish(LaunchVenue.CPMM, "SOL", opens_in_slots=5)
    plan = scene.launcher.next_plan(wish)
    market = Market({}, plan.creator.pubkey(), LOCALNET)
    built = created_pool(plan, None, market)
    vault = sides_of(built, plan.venue).vaults[0]
    # Somebody is at an address that the program wants to create.
    taken = Account(10**7, b"taken", plan.creator.pubkey())
    scene.chain.change_accounts(lambda _: {vault: taken})
    record = scene.launched(wish)
    assert record.signature is None
    while record.opened_slot is None:
        scene.advance()
    assert scene.buy(record, MILLI_SOL) is None
