"""Byte layouts of Raydium CPMM accounts (raydium-cp-swap states/pool.rs, states/config.rs).

Offsets count from the start of the account, the 8-byte Anchor discriminator included.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.errors import UnsupportedPool
from dex.types import AccountData
from dex.venues.account_layout import Layout, patched, pubkey_at
from dex.venues.integer_math import require_u64

POOL: Final = Layout("CPMM PoolState", 637, bytes.fromhex("f7ede3f5d7c3de46"))
CONFIG: Final = Layout("CPMM AmmConfig", 236, bytes.fromhex("daf42168cbcb2b6f"))

MINT_0_OFFSET: Final = 168
MINT_1_OFFSET: Final = 200

_U64: Final = Struct("<Q")
_LP_SUPPLY_OFFSET: Final = 333
_STATE: Final = Struct("<B11xQQQQQ8xBB6xQQ")
_STATE_OFFSET: Final = 329
_RATES: Final = Struct("<QQQ72xQ")
_RATES_OFFSET: Final = 12
_PROTOCOL_FEES_OFFSET: Final = 341
_FUND_FEES_OFFSET: Final = 357
_RECENT_EPOCH_OFFSET: Final = 381
_CREATOR_FEES_OFFSET: Final = 397
_SWAP_DISABLED: Final = 1 << 2
_BOTH_TOKENS, _ONLY_TOKEN_0, _ONLY_TOKEN_1 = 0, 1, 2


class PoolKeys(NamedTuple):
    """The addresses that a pool is made of; they never change."""

    config: Pubkey
    vaults: tuple[Pubkey, Pubkey]
    mints: tuple[Pubkey, Pubkey]
    token_programs: tuple[Pubkey, Pubkey]
    observation: Pubkey


class PoolState(NamedTuple):
    """What changes in a pool. Fees are base units that lie in the vaults but are not liquidity."""

    status: int
    protocol_fees_0: int
    protocol_fees_1: int
    fund_fees_0: int
    fund_fees_1: int
    open_time: int
    creator_fee_on: int
    enable_creator_fee: int
    creator_fees_0: int
    creator_fees_1: int

    def can_swap(self, unix_timestamp: int) -> bool:
        """Whether the swap bit is clear and the opening time has come."""
        return not self.status & _SWAP_DISABLED and unix_timestamp >= self.open_time

    @property
    def knows_creator_fee(self) -> bool:
        """Whether a release with creator fees wrote the pool; before, these bytes were zero."""
        return bool(self.enable_creator_fee or self.creator_fee_on)

    def owed(self) -> tuple[int, int]:
        """Base units of each vault that belong to protocol, fund and creator."""
        return (
            self.protocol_fees_0 + self.fund_fees_0 + self.creator_fees_0,
            self.protocol_fees_1 + self.fund_fees_1 + self.creator_fees_1,
        )

    def creator_fee_on_input(self, sells_first: bool) -> bool:
        """Whether the creator's share is taken from the input of a swap in that direction."""
        favoured = _ONLY_TOKEN_0 if sells_first else _ONLY_TOKEN_1
        return self.creator_fee_on in (_BOTH_TOKENS, favoured)


class ConfigRates(NamedTuple):
    """Fee rates of an AmmConfig in millionths."""

    trade: int
    protocol: int
    fund: int
    creator: int


def parse_keys(account: AccountData, program_id: Pubkey) -> PoolKeys:
    """The fixed part of a pool; raises WrongOwner, UnknownLayout or UnsupportedPool."""
    data = POOL.check(account, program_id)
    if parse_state(data).creator_fee_on > _ONLY_TOKEN_1:
        raise UnsupportedPool("the pool takes its creator fee in an unknown way")
    return PoolKeys(
        config=pubkey_at(data, 8),
        vaults=(pubkey_at(data, 72), pubkey_at(data, 104)),
        mints=(pubkey_at(data, MINT_0_OFFSET), pubkey_at(data, MINT_1_OFFSET)),
        token_programs=(pubkey_at(data, 232), pubkey_at(data, 264)),
        observation=pubkey_at(data, 296),
    )


def lp_supply(data: bytes) -> int:
    """LP tokens of a checked pool account, in base units: the root of what both vaults hold."""
    (supply,) = _U64.unpack_from(data, _LP_SUPPLY_OFFSET)
    return int(supply)


def parse_state(data: bytes) -> PoolState:
    """The changing part of a checked pool account."""
    return PoolState._make(_STATE.unpack_from(data, _STATE_OFFSET))


def parse_rates(account: AccountData, program_id: Pubkey) -> ConfigRates:
    """The rates of an AmmConfig; raises WrongOwner or UnknownLayout."""
    return ConfigRates._make(_RATES.unpack_from(CONFIG.check(account, program_id), _RATES_OFFSET))


def with_fees(data: bytes, first_in: bool, epoch: int, input_fees: tuple[int, int], creator: int) -> bytes:
    """A checked pool account after a swap of ``epoch``, with protocol and fund fees added on the input side.

    ``input_fees`` are base units for the protocol and the fund; ``creator`` is what the creator earns, on
    the side that the pool's setting names for the direction.
    """
    state = parse_state(data)
    side = 0 if first_in else 1
    creator_side = side if state.creator_fee_on_input(first_in) else 1 - side
    protocol, fund = input_fees
    return patched(
        data,
        {
            _RECENT_EPOCH_OFFSET: _U64.pack(epoch),
            **_sum_at(data, _PROTOCOL_FEES_OFFSET + 8 * side, protocol),
            **_sum_at(data, _FUND_FEES_OFFSET + 8 * side, fund),
            **_sum_at(data, _CREATOR_FEES_OFFSET + 8 * creator_side, creator),
        },
    )


def _sum_at(data: bytes, offset: int, added: int) -> dict[int, bytes]:
    (amount,) = _U64.unpack_from(data, offset)
    return {offset: _U64.pack(require_u64(amount + added))}
