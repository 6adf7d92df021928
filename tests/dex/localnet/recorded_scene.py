"""A recorded pool on a bank, of either venue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from tests.dex.localnet.test_programs import Bank


@dataclass
class RecordedScene:
    """One recorded pool on the bank, ready to be swapped with, in the direction of its case."""

    PROGRAM: ClassVar[Pubkey]

    bank: Bank
    pool: Pubkey
    source: Pubkey
    destination: Pubkey
    metas: list[AccountMeta]

    def patch_pool(self, offset: int, value: bytes) -> None:
        data = bytearray(self.bank.data(self.pool))
        data[offset : offset + len(value)] = value
        self.bank.set(self.pool, self.PROGRAM, bytes(data))

    def replace_account(self, index: int, address: Pubkey) -> None:
        meta = self.metas[index]
        self.metas[index] = AccountMeta(address, meta.is_signer, meta.is_writable)
