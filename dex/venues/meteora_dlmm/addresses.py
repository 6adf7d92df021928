"""The addresses around a DLMM pair (dlmm-sdk commons/src/pda.rs, seeds.rs)."""

from __future__ import annotations

from struct import Struct
from typing import Final

from solders.pubkey import Pubkey

PROGRAM: Final = Pubkey.from_string("LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo")
EVENT_AUTHORITY: Final = Pubkey.from_string("D1ZN9Wj1fRSUQfCjhvnu1hqDMT7hzjzBBpi12nVniYD6")

_INDEX: Final = Struct("<q")


class PairAddresses:
    """A pair's own address and those that follow from it; each is derived once."""

    def __init__(self, pair: Pubkey) -> None:
        self.pair = pair
        self.extension = Pubkey.find_program_address([b"bitmap", bytes(pair)], PROGRAM)[0]
        self._arrays: dict[int, Pubkey] = {}

    def bin_array(self, index: int) -> Pubkey:
        """The bin array that begins with bin ``70 * index``."""
        known = self._arrays.get(index)
        if known is None:
            seeds = [b"bin_array", bytes(self.pair), _INDEX.pack(index)]
            known = self._arrays[index] = Pubkey.find_program_address(seeds, PROGRAM)[0]
        return known
