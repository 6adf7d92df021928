"""The bytes of an untouched Meteora DLMM pair, as the real program would have written them.

Layouts: dlmm-sdk ``idls/dlmm.json`` (LbPair, BinArray, Oracle of lb_clmm 0.12.0). Offsets count the 8-byte
Anchor discriminator.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from dex.localnet.genesis_layouts import anchor_account, owned, put_keys, put_u128
from dex.types import AccountData
from dex.venues.meteora_dlmm.prices import price_of

BINS_IN_ARRAY = 70

_PAIR_SIZE = 904
_ARRAY_SIZE = 10136
_BINS_OFFSET = 56
_BIN_SIZE = 144
_OBSERVATIONS = 100
_ORACLE_SIZE = 32 + 32 * _OBSERVATIONS
_BITMAP_OFFSET, _BITMAP_SIZE, _BITMAP_LOWEST = 584, 128, -512
_LOWEST_BIN, _HIGHEST_BIN = -443_636, 443_636
_PAIR_VERSION, _ARRAY_VERSION = 1, 3

# What mainnet's pairs of bin step 10 and 20 have: half the volatility is kept for ten minutes, a swap within
# half a minute counts from where the last one began.
_FILTER_SECONDS, _DECAY_SECONDS, _REDUCTION_BPS = 30, 600, 5_000
_VARIABLE_FEE_CONTROL, _MAX_ACCUMULATOR, _PROTOCOL_SHARE_BPS = 40_000, 350_000, 1_000


@dataclass(frozen=True, slots=True)
class DlmmPair:
    """The state of a permissionless pair. ``bins`` are the amounts of x and y by bin id, in base units.

    ``base_factor`` times ``bin_step`` (bps) is the base fee in 1e-8; ``collect_fee_mode`` 0 takes fees from
    the input, 1 only in y.
    """

    bump: int
    mints: tuple[Pubkey, Pubkey]
    reserves: tuple[Pubkey, Pubkey]
    oracle: Pubkey
    creator: Pubkey
    bin_step: int
    base_factor: int
    collect_fee_mode: int
    active_id: int
    bins: Mapping[int, tuple[int, int]]

    @property
    def amounts(self) -> tuple[int, int]:
        """What both reserves hold."""
        return sum(x for x, _ in self.bins.values()), sum(y for _, y in self.bins.values())

    @property
    def arrays(self) -> Sequence[int]:
        """The indices of the arrays that the bins lie in."""
        return sorted({bin_id // BINS_IN_ARRAY for bin_id in self.bins})


def dlmm_pair(program: Pubkey, pair: DlmmPair) -> AccountData:
    """The pair with a fee that rises with the bins that swaps cross; open to everybody."""
    data = anchor_account("LbPair", _PAIR_SIZE)
    struct.pack_into(
        "<HHHHIIiiH",
        data,
        8,
        pair.base_factor,
        _FILTER_SECONDS,
        _DECAY_SECONDS,
        _REDUCTION_BPS,
        _VARIABLE_FEE_CONTROL,
        _MAX_ACCUMULATOR,
        _LOWEST_BIN,
        _HIGHEST_BIN,
        _PROTOCOL_SHARE_BPS,
    )
    data[36], data[72] = pair.collect_fee_mode, pair.bump
    struct.pack_into("<i", data, 48, pair.active_id)
    struct.pack_into("<H", data, 73, pair.bin_step)
    has_base_factor_seed, enabled = 1, 0
    struct.pack_into(
        "<iHBBH", data, 76, pair.active_id, pair.bin_step, enabled, has_base_factor_seed, pair.base_factor
    )
    put_keys(data, 88, [*pair.mints, *pair.reserves])
    put_keys(data, 552, [pair.oracle])
    bitmap = sum(1 << index - _BITMAP_LOWEST for index in pair.arrays)
    data[_BITMAP_OFFSET : _BITMAP_OFFSET + _BITMAP_SIZE] = bitmap.to_bytes(_BITMAP_SIZE, "little")
    put_keys(data, 848, [pair.creator])
    data[882] = _PAIR_VERSION
    return owned(program, data)


def dlmm_bin_array(program: Pubkey, address: Pubkey, pair: DlmmPair, index: int) -> AccountData:
    """Bin array ``index`` of the pair at ``address``."""
    data = anchor_account("BinArray", _ARRAY_SIZE)
    struct.pack_into("<qB", data, 8, index, _ARRAY_VERSION)
    put_keys(data, 24, [address])
    for position in range(BINS_IN_ARRAY):
        bin_id = index * BINS_IN_ARRAY + position
        offset, price = _BINS_OFFSET + _BIN_SIZE * position, price_of(bin_id, pair.bin_step)
        amount_x, amount_y = pair.bins.get(bin_id, (0, 0))
        struct.pack_into("<QQ", data, offset, amount_x, amount_y)
        put_u128(data, offset + 16, price)
        # bin_math.rs get_liquidity: shares are worth units of y.
        put_u128(data, offset + 32, price * amount_x + (amount_y << 64))
    return owned(program, data)


def dlmm_oracle(program: Pubkey) -> AccountData:
    """An oracle without an observation."""
    data = anchor_account("Oracle", _ORACLE_SIZE)
    first, active = 0, 1
    struct.pack_into("<QQQ", data, 8, first, active, _OBSERVATIONS)
    return owned(program, data)
