"""PumpSwap: fees, refusals, what a swap leaves. No program ran: the oracle is its SDK."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from struct import pack

import pytest
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT
from dex.errors import (
    AccountMissing,
    AmountTooSmall,
    ChainRefused,
    InsufficientLiquidity,
    PoolDisabled,
    UnknownLayout,
    UnsupportedPool,
    WrongOwner,
)
from dex.routing.discovery import PoolDirectory
from dex.types import AccountData, AccountFilter, Clock, FailureKind, QuoteRequest, Snapshot, SwapMode
from dex.venues.pumpswap.addresses import FEE_CONFIG, GLOBAL_CONFIG, canonical_pool
from dex.venues.pumpswap.fees import rates_of
from dex.venues.pumpswap.layout import (
    FeeConfig,
    GlobalConfig,
    PoolKeys,
    PoolState,
    Rates,
    Tier,
    parse_fees,
    parse_state,
)
from dex.venues.pumpswap.pool import PumpSwapPool
from dex.venues.pumpswap.venue import PumpSwap
from dex.verify import swaps
from dex.verify.report import Reports
from dex.verify.vector_file import read
from tests.dex.recorded_swaps import PUMPSWAP, Recorded, patched, recorded, with_account, without_account

VENUE = PumpSwap()
DISABLE_FLAGS, HOLDER_REWARD, VIRTUAL_QUOTE = 56, 270, 245
USDC = Pubkey.from_string("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")
SOMEBODY = Pubkey.from_bytes(bytes(range(32)))


@pytest.fixture
def sale() -> Recorded:
    """Of a canonical SOL pool: 75,197,665 units of the base at 2, 93 and 95 basis points."""
    return recorded(PUMPSWAP)["pumpswap-4"]


def pool_of(entry: Recorded) -> PumpSwapPool:
    assert isinstance(entry.pool, PumpSwapPool)
    return entry.pool


def purchase(entry: Recorded, amount: int, mode: SwapMode = SwapMode.EXACT_IN) -> QuoteRequest:
    return QuoteRequest(*entry.pool.mints[::-1], amount, mode)


def with_transfer_fee(mint: AccountData) -> AccountData:
    data = mint.data[:82].ljust(165, b"\0") + b"\1" + pack("<HH", 1, 108) + bytes(108)
    token_2022 = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
    return AccountData(token_2022, mint.lamports, data)


def test_every_answer_of_the_sdk_is_given_to_the_unit() -> None:
    reports = Reports()
    swaps.compare(read(PUMPSWAP), reports)
    (report,) = reports

    assert report.differences == []
    assert list(report.lines()) == [
        "swaps/pumpswap: cases 156 equal 156 skipped 0",
        "  answers of the SDK: no program ran",
    ]


def test_another_answer_or_instruction_is_a_difference(sale: Recorded) -> None:
    sdk = sale.case["sdk"]
    (swap, *rest) = sdk["instructions"]
    wrong_account = {**swap, "accounts": [[str(SOMEBODY), 0, 1], *swap["accounts"][1:]]}
    wrong_data = {**swap, "data": swap["data"][:-2] + "01"}
    altered = [
        {**sdk, "result": "15997077"},
        {**sdk, "instructions": [wrong_account, *rest]},
        {**sdk, "instructions": [wrong_data, *rest]},
        {"fees": {}, "pool": {}, "error": "refused"},
    ]

    assert swaps.difference(VENUE, sale.case) is None
    assert all(swaps.difference(VENUE, {**sale.case, "sdk": other}) for other in altered)


def test_the_engine_refuses_what_it_cannot_put_on_chain() -> None:
    refused: Counter[str] = Counter()
    for entry in recorded(PUMPSWAP).values():
        try:
            entry.pool.quote(entry.snapshot, entry.request)
        except (UnsupportedPool, AmountTooSmall, InsufficientLiquidity) as error:
            refused[str(error)] += 1

    assert refused == {
        "PumpSwap sells an exact amount only, it does not pay one": 45,
        "the pool's account is of an older release and has to be enlarged first": 20,
        "the vault holds less than the swap pays": 4,
        "after fees and rounding the pool pays nothing": 4,
    }


def test_a_quote_names_its_fees_in_the_quote_token(sale: Recorded) -> None:
    quote = sale.pool.quote(sale.snapshot, sale.request)

    assert (quote.dex, quote.venue, quote.pool) == ("pumpswap", "pumpswap", sale.pool.address)
    assert (quote.amount_in, quote.amount_out) == (75_197_665, 15_997_076)
    # 16,306,909 units are traded: 2, 93 and 95 basis points of them, each rounded up.
    assert (quote.fee_amount, quote.fee_mint) == (3_262 + 151_655 + 154_916, NATIVE_MINT)
    # The sale adds 75,197,665 to 1,156,079,170 units of the base: 6.1068 %.
    assert quote.price_impact_bps == 611


def test_virtual_reserves_price_a_swap_and_do_not_pay_it(sale: Recorded) -> None:
    raised = patched(sale.snapshot, sale.pool.address, VIRTUAL_QUOTE, pack("<qq", 267_005_636, 0))
    lowered = patched(sale.snapshot, sale.pool.address, VIRTUAL_QUOTE, pack("<qq", -133_502_818, -1))
    whole = replace(sale.request, amount=2**60)

    normal = sale.pool.quote(sale.snapshot, sale.request).amount_out
    assert sale.pool.quote(raised, sale.request).amount_out == pytest.approx(2 * normal, abs=1_000)
    assert sale.pool.quote(lowered, sale.request).amount_out == pytest.approx(normal / 2, abs=1_000)
    with pytest.raises(InsufficientLiquidity, match="less than the swap pays"):
        sale.pool.quote(raised, whole)


@pytest.mark.parametrize(("flag", "is_off"), [(1 << 3, "buy"), (1 << 4, "sell"), (7, None)])
def test_what_the_program_switches_off_is_refused(sale: Recorded, flag: int, is_off: str | None) -> None:
    snapshot = patched(sale.snapshot, GLOBAL_CONFIG, DISABLE_FLAGS, bytes([flag]))
    requests = {"buy": purchase(sale, 10**6), "sell": sale.request}

    for name, request in requests.items():
        if name == is_off:
            with pytest.raises(PoolDisabled):
                sale.pool.quote(snapshot, request)
        else:
            sale.pool.quote(snapshot, request)


def test_pools_with_rewards_for_holders_are_refused(sale: Recorded) -> None:
    snapshot = patched(sale.snapshot, sale.pool.address, HOLDER_REWARD, b"\1")

    with pytest.raises(UnsupportedPool, match="rewards for holders"):
        sale.pool.quote(snapshot, sale.request)


@pytest.mark.parametrize("place", [0, 1])
def test_mints_with_a_transfer_fee_are_refused(sale: Recorded, place: int) -> None:
    mint = sale.pool.mints[place]
    fee_mint = with_transfer_fee(sale.snapshot.account(mint))
    snapshot = with_account(sale.snapshot, mint, owner=fee_mint.owner, data=fee_mint.data)

    with pytest.raises(UnsupportedPool, match="extension 1"):
        sale.pool.quote(snapshot, sale.request)


def test_accounts_that_are_not_what_they_should_be_are_refused(sale: Recorded) -> None:
    at = sale.snapshot
    broken = {
        AccountMissing: without_account(at, GLOBAL_CONFIG),
        WrongOwner: with_account(at, FEE_CONFIG, owner=SOMEBODY),
        UnknownLayout: with_account(at, FEE_CONFIG, data=at.account(FEE_CONFIG).data[:100]),
        UnsupportedPool: patched(at, FEE_CONFIG, 73, pack("<Q", 0) + pack("<QQQQ", 0, 10_000, 0, 0)),
        InsufficientLiquidity: patched(at, sale.pool.vaults[0], 64, bytes(8)),
    }

    for error, snapshot in broken.items():
        with pytest.raises(error):
            sale.pool.quote(snapshot, sale.request)


def test_without_a_fee_config_the_programs_own_rates_hold(sale: Recorded) -> None:
    absent = without_account(sale.snapshot, FEE_CONFIG)
    unread = replace(absent, accounts={k: v for k, v in absent.accounts.items() if k != FEE_CONFIG})
    other = VENUE.open_pool(sale.pool.address, sale.snapshot.account(sale.pool.address))

    # 20, 5 and 5 basis points of 16,306,909.
    assert sale.pool.quote(absent, sale.request).fee_amount == 32_614 + 8_154 + 8_154
    with pytest.raises(AccountMissing):
        other.quote(unread, sale.request)


SETTINGS = GlobalConfig(Rates(20, 5, 5), False, False, (), (), (), True)
COIN = PoolState(SOMEBODY, False, False, 0, 0, False, True)
TIERS = (Tier(0, Rates(2, 93, 30)), Tier(420, Rates(20, 5, 95)))
FEES = FeeConfig(Rates(25, 5, 0), TIERS, (Tier(0, Rates(3, 90, 20)),), Rates(7, 8, 9))


@pytest.mark.parametrize(
    ("quote", "canonical", "capitalisation", "fees", "rates"),
    [
        (NATIVE_MINT, True, 419, FEES, (2, 93, 30)),
        (NATIVE_MINT, True, 420, FEES, (20, 5, 95)),
        (NATIVE_MINT, True, 5, FEES._replace(tiers=TIERS[1:]), (20, 5, 95)),
        (NATIVE_MINT, False, 419, FEES, (25, 5, 0)),
        (USDC, True, 419, FEES, (3, 90, 20)),
        (USDC, True, 420, FEES._replace(stable_tiers=()), (20, 5, 95)),
        (SOMEBODY, True, 419, FEES, (7, 8, 9)),
        (SOMEBODY, True, 419, FEES._replace(exotic=Rates(0, 0, 0)), (25, 5, 0)),
        (SOMEBODY, True, 419, FEES._replace(exotic=None), (25, 5, 0)),
        (NATIVE_MINT, True, 419, None, (20, 5, 5)),
    ],
)
def test_the_kind_of_a_pool_decides_its_rates(
    quote: Pubkey, canonical: bool, capitalisation: int, fees: FeeConfig | None, rates: tuple[int, int, int]
) -> None:
    keys = PoolKeys((SOMEBODY, quote), (SOMEBODY, SOMEBODY), canonical)

    assert rates_of(keys, COIN, SETTINGS, fees, capitalisation) == Rates(*rates)


def test_a_creators_own_rate_counts_where_creators_may_choose() -> None:
    keys = PoolKeys((SOMEBODY, NATIVE_MINT), (SOMEBODY, SOMEBODY), True)
    chosen = COIN._replace(creator_fee_bps=123)
    nobody = chosen._replace(coin_creator=Pubkey.default())
    fixed = SETTINGS._replace(creator_fee_configurable=False)

    assert rates_of(keys, chosen, SETTINGS, FEES, 0).creator == 123
    assert rates_of(keys, chosen, fixed, FEES, 0).creator == 30
    assert rates_of(keys, nobody, SETTINGS, FEES, 0).creator == 0


def test_shorter_accounts_read_as_zero_where_they_end(sale: Recorded) -> None:
    data = sale.snapshot.account(sale.pool.address).data

    first = parse_state(data[:211])
    assert not first.has_creator
    assert not first.is_complete
    assert (first.virtual_quote, first.is_mayhem) == (0, False)
    assert parse_state(data) != first
    with pytest.raises(UnknownLayout):
        VENUE.open_pool(sale.pool.address, replace(sale.snapshot.account(sale.pool.address), data=data[:210]))


def test_fee_configs_of_three_releases_are_read(sale: Recorded) -> None:
    account = sale.snapshot.account(FEE_CONFIG)
    by_size = [
        parse_fees(replace(account, data=account.data.ljust(size, b"\0")[:size])) for size in (4_072, 4_073)
    ]

    assert parse_fees(account).exotic is not None
    assert [fees.exotic for fees in by_size] == [None, None]
    assert by_size[0].stable_tiers == ()
    assert by_size[1].stable_tiers == parse_fees(account).stable_tiers


def test_a_sale_leaves_the_liquiditys_fee_in_the_vault(sale: Recorded) -> None:
    left = sale.pool.after(sale.snapshot, sale.pool.quote(sale.snapshot, sale.request))
    balances = [int.from_bytes(left.account(vault).data[64:72], "little") for vault in sale.pool.vaults]

    # Of the 16,306,909 traded 3,262 stay.
    assert balances == [1_156_079_170 + 75_197_665, 267_005_636 - 16_306_909 + 3_262]


@pytest.mark.parametrize("mode", list(SwapMode))
def test_a_purchase_pays_protocol_and_creator_out(sale: Recorded, mode: SwapMode) -> None:
    request = purchase(sale, 20_000_000, mode)
    quote = sale.pool.quote(sale.snapshot, request)
    outcome = pool_of(sale).formula(sale.snapshot, request)
    left = sale.pool.after(sale.snapshot, quote)
    base, held = (int.from_bytes(left.account(vault).data[64:72], "little") for vault in sale.pool.vaults)

    assert base == 1_156_079_170 - quote.amount_out
    assert held == 267_005_636 + quote.amount_in - outcome.fees.protocol - outcome.fees.creator
    assert sum(outcome.fees) == quote.fee_amount


def test_what_an_exact_purchase_costs_buys_as_much(sale: Recorded) -> None:
    for wanted in (1_000, 10**6, 10**8, 10**9):
        cost = sale.pool.quote(sale.snapshot, purchase(sale, wanted, SwapMode.EXACT_OUT)).amount_in
        bought = sale.pool.quote(sale.snapshot, purchase(sale, cost + 2)).amount_out
        assert bought >= wanted
        assert sale.pool.quote(sale.snapshot, purchase(sale, cost - 2)).amount_out < wanted


@pytest.mark.parametrize(
    ("number", "name", "kind"),
    [
        (6004, "ExceededSlippage", FailureKind.SLIPPAGE_EXCEEDED),
        (6040, "BuySlippageBelowMinBaseAmountOut", FailureKind.SLIPPAGE_EXCEEDED),
        (6001, "ZeroBaseAmount", FailureKind.AMOUNT_TOO_SMALL),
        (6016, "BuyMoreBaseAmountThanPoolReserves", FailureKind.INSUFFICIENT_LIQUIDITY),
        (6063, "InsufficientRealQuoteReserves", FailureKind.INSUFFICIENT_LIQUIDITY),
        (6020, "DisabledBuy", FailureKind.POOL_DISABLED),
        (6013, "InvalidProtocolFeeRecipient", FailureKind.OTHER),
    ],
)
def test_errors_of_the_program_have_names_and_meanings(number: int, name: str, kind: FailureKind) -> None:
    failed = f"Program {VENUE.program_id} failed: custom program error: {number:#x}"
    logs = [f"Program {VENUE.program_id} invoke [1]", failed]

    assert VENUE.error_names[number] == name
    assert VENUE.classify_failure(number, logs) is kind


class RefusingNode:
    """A node that lists no pools, and shows accounts."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._accounts = snapshot.accounts

    async def program_accounts(
        self, program_id: Pubkey, query: AccountFilter, /
    ) -> list[tuple[Pubkey, AccountData]]:
        raise ChainRefused("getProgramAccounts is not available")

    async def snapshot(self, addresses: list[Pubkey], /) -> Snapshot:
        return Snapshot(Clock(1, 1, 1), {address: self._accounts.get(address) for address in addresses})


@pytest.mark.parametrize("reversed_", [False, True])
def test_a_graduates_pool_is_found_without_a_list(sale: Recorded, reversed_: bool) -> None:
    mints = sale.pool.mints[::-1] if reversed_ else sale.pool.mints
    found = asyncio.run(PoolDirectory(RefusingNode(sale.snapshot), [VENUE]).pools(*mints))  # type: ignore[arg-type]

    assert [pool.address for pool in found.pools] == [sale.pool.address]
    assert canonical_pool(*sale.pool.mints) == sale.pool.address
