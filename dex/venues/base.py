"""What a venue and a pool must be able to do. Pure: they name accounts, the host fetches them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.types import (
    AccountData,
    AccountFilter,
    DecodedSwap,
    FailureKind,
    Quote,
    QuoteRequest,
    Snapshot,
    Swap,
)


class Pool(Protocol):
    """One pool, parsed once for what never changes in it (mints, vaults, config)."""

    @property
    def address(self) -> Pubkey: ...

    @property
    def venue(self) -> str:
        """The name of the venue that opened the pool."""
        ...

    @property
    def depth(self) -> int:
        """Liquidity when the pool was opened: compares pools of one venue and pair, nothing else."""
        ...

    @property
    def mints(self) -> tuple[Pubkey, Pubkey]: ...

    @property
    def vaults(self) -> tuple[Pubkey, Pubkey]:
        """The pool's token accounts, in the order of ``mints``."""
        ...

    @property
    def accounts(self) -> Sequence[Pubkey]:
        """The accounts that every quote and swap reads and that never change, the pool's own first."""
        ...

    def further_accounts(self, snapshot: Snapshot, request: QuoteRequest) -> Sequence[Pubkey]:
        """What quoting this request reads beyond ``accounts``, as far as the snapshot shows it.

        Tick and bin arrays: which ones depends on the pool's state, the direction and the size. The
        host fetches them together with ``accounts`` at one slot and asks again until nothing that is
        named is missing from the snapshot (an account that does not exist is there as None). Empty
        for a pool that ``accounts`` names whole. Raises PoolRefused, NoQuote or AccountMissing.
        """
        ...

    def quote(self, snapshot: Snapshot, request: QuoteRequest) -> Quote:
        """What the pool would do; raises PoolRefused, NoQuote or AccountMissing."""
        ...

    def swap_instructions(self, snapshot: Snapshot, swap: Swap) -> list[Instruction]:
        """The venue's own instructions for a swap between existing token accounts."""
        ...

    def after(self, snapshot: Snapshot, quote: Quote) -> Snapshot:
        """The snapshot as it is once ``quote``, made from this snapshot by this pool, has executed.

        Pure. The accounts that a next quote of the pool reads hold the bytes that the program leaves
        (for every field that a quote reads); all others are unchanged. Same errors as ``quote``.
        """
        ...


class Venue(Protocol):
    """One on-chain program."""

    @property
    def name(self) -> str:
        """The program, for example ``raydium-cpmm``."""
        ...

    @property
    def dex(self) -> str:
        """The brand, for example ``raydium``."""
        ...

    @property
    def program_id(self) -> Pubkey: ...

    @property
    def compute_units(self) -> int:
        """A compute-unit limit that covers the largest measured swap instruction, with margin."""
        ...

    def pool_filters(self, mint_a: Pubkey, mint_b: Pubkey) -> Sequence[AccountFilter]:
        """The getProgramAccounts queries that find every pool of the pair."""
        ...

    def derived_pools(self, mint_a: Pubkey, mint_b: Pubkey) -> Sequence[Pubkey]:
        """Where pools of the pair would be that can be found without a query; most venues have none."""
        ...

    def open_pool(self, address: Pubkey, account: AccountData) -> Pool:
        """Parse a pool; raises WrongOwner, UnknownLayout or UnsupportedPool."""
        ...

    def decode_swap(self, instruction: Instruction) -> DecodedSwap:
        """What the program will do with an instruction: exact discriminator, length and positions.

        Raises UnknownInstruction for everything that ``swap_instructions`` would not have made: another
        instruction, trailing bytes, fewer or more accounts, a referral or host-fee account.
        """
        ...

    @property
    def error_names(self) -> Mapping[int, str]:
        """The program's own error numbers by name, for logs that carry no name."""
        ...

    def classify_failure(self, error_code: int, logs: Sequence[str]) -> FailureKind:
        """What a failed swap of this program means, by the error's name in the log first."""
        ...
