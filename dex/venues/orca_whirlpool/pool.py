"""One Whirlpool."""

from __future__ import annotations

from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.errors import AmountTooSmall
from dex.types import AccountData, Quote, QuoteRequest, Snapshot, Swap, SwapMode
from dex.venues.account_layout import with_data
from dex.venues.adapter import PoolAdapter
from dex.venues.integer_math import require_u64, shortfall_bps
from dex.venues.orca_whirlpool import adaptive_fee, layout
from dex.venues.orca_whirlpool.instructions import swap_instruction
from dex.venues.orca_whirlpool.readings import Prepared, Readings
from dex.venues.orca_whirlpool.walk import Walk, Walked, state_after
from dex.venues.swap_request import repeated, require_amount, sells_first
from dex.venues.token_mint import TransferFee
from dex.venues.wallet_side import WalletSide

DEX: Final = "orca"
# Compute units, a fifth above what was measured: of a swap of one step between mints of the token program,
# for each mint of Token-2022, each tick that is crossed and each further step; an adaptive fee makes steps
# dearer.
_BASE_UNITS: Final = 64_000
_TOKEN_2022_UNITS: Final = 22_000
_TICK_UNITS: Final = 4_000
_STEP_UNITS: Final = 10_000
_ADAPTIVE_UNITS: Final = 8_000
_ADAPTIVE_STEP_UNITS: Final = 13_000


class WhirlpoolPool(PoolAdapter):
    """Quotes and swaps of one pool; mints, vaults and tick spacing are parsed once."""

    def __init__(self, venue: str, program_id: Pubkey, address: Pubkey, account: AccountData) -> None:
        self._program_id = program_id
        keys = layout.parse_keys(account, program_id)
        self._readings = Readings(program_id, address, keys)
        # Liquidity at the pool's price; the oracle is that of an adaptive fee.
        depth, oracle = layout.parse_state(account.data).liquidity, self._readings.oracle
        others = (*keys.mints, *((oracle,) if oracle else ()))
        super().__init__(DEX, venue, address, keys, depth=depth, others=others)

    def further_accounts(self, snapshot: Snapshot, request: QuoteRequest) -> list[Pubkey]:
        """The tick arrays that a swap in the request's direction can be given, at most three."""
        return self._readings.arrays(snapshot, sells_first(self.mints, request))

    def quote(self, snapshot: Snapshot, request: QuoteRequest) -> Quote:
        """What the program would do; raises PoolRefused, NoQuote or AccountMissing.

        At the end of the price range the program takes less than an exact input: then ``amount_in`` is what
        it takes.
        """
        return self.quote_to_price(snapshot, request, None)

    def quote_to_price(
        self, snapshot: Snapshot, request: QuoteRequest, sqrt_price_limit: int | None
    ) -> Quote:
        """``quote`` of a swap that stops at a square-root price, Q64.64, with less than was asked for."""
        prepared, walked, wallet = self._swap(snapshot, request, sqrt_price_limit)
        return self._quote(
            snapshot,
            request,
            wallet,
            fee=walked.fee,
            impact_bps=_impact_bps(prepared, walked),
            compute_units=_compute_units(prepared, walked),
        )

    def swap_instructions(self, snapshot: Snapshot, swap: Swap) -> list[Instruction]:
        """One ``swap_v2``; raises PoolRefused, NoQuote or AccountMissing."""
        a_to_b = sells_first(self.mints, swap)
        program_a, program_b = (snapshot.account(mint).owner for mint in self.mints)
        arrays = self._readings.arrays(snapshot, a_to_b)
        return [
            swap_instruction(
                self._program_id,
                self.address,
                self.mints,
                self.vaults,
                (program_a, program_b),
                arrays,
                swap,
            )
        ]

    def after(self, snapshot: Snapshot, quote: Quote) -> Snapshot:
        """Pool and oracle once ``quote`` has executed; same errors as ``quote``.

        Crossed ticks remember fees in their arrays and vaults have other balances: no quote reads these.
        """
        prepared, walked, _ = self._swap(snapshot, repeated(quote), None)
        state = state_after(prepared.course, walked)
        changed = {self.address: layout.with_state(snapshot.account(self.address).data, state)}
        oracle = self._readings.oracle
        if oracle is not None and walked.volatility is not None:
            data = snapshot.account(oracle).data
            changed[oracle] = adaptive_fee.with_variables(data, walked.volatility)
        return with_data(snapshot, changed)

    def _swap(
        self, snapshot: Snapshot, request: QuoteRequest, limit: int | None
    ) -> tuple[Prepared, Walked, WalletSide]:
        a_to_b = sells_first(self.mints, request)
        amount = require_amount(request)
        prepared = self._readings.prepare(snapshot, a_to_b)
        exact_in = request.mode is SwapMode.EXACT_IN
        if exact_in:
            between_vaults = amount - prepared.fee_in.on_gross(amount)
        else:
            between_vaults = _gross(prepared.fee_out, amount)
        walked = Walk(prepared.course, between_vaults, exact_in=exact_in, limit=limit).run()
        paid = amount
        if not exact_in or walked.amount_in != between_vaults:
            paid = _gross(prepared.fee_in, walked.amount_in)
        received = walked.amount_out - prepared.fee_out.on_gross(walked.amount_out)
        if received == 0:
            raise AmountTooSmall("after fees and rounding the pool pays nothing")
        return prepared, walked, WalletSide(paid, received)


def _compute_units(prepared: Prepared, walked: Walked) -> int:
    units = _BASE_UNITS + prepared.token_2022_mints * _TOKEN_2022_UNITS + walked.crossed * _TICK_UNITS
    if prepared.course.oracle is None:
        return units + (walked.steps - 1) * _STEP_UNITS
    return units + _ADAPTIVE_UNITS + (walked.steps - 1) * _ADAPTIVE_STEP_UNITS


def _gross(fee: TransferFee, net: int) -> int:
    return require_u64(net + fee.on_net(net))


def _impact_bps(prepared: Prepared, walked: Walked) -> int:
    """The output's shortfall against the price before the swap, the pool's fee left out."""
    traded = walked.amount_in - walked.fee
    price = prepared.course.state.sqrt_price
    if prepared.course.a_to_b:
        return shortfall_bps(traded * price * price, walked.amount_out << 128)
    return shortfall_bps(traded << 128, walked.amount_out * price * price)
