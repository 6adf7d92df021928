"""Instructions that create a pool, by program: which pool, which mints, who, and the opening asked for.

Positions: raydium-cp-swap instructions/initialize.rs, initialize_with_permission.rs; raydium-amm
instruction.rs Initialize2; raydium-clmm instructions/create_pool.rs, create_customizable_pool.rs; damm-v2
instructions/initialize_pool/; dlmm-sdk idls/dlmm.json; whirlpools instructions/initialize_pool.rs, v2/. Names
are shared by programs and hence discriminators, so the program decides. Those of a permission, a dynamic
configuration and of customizable CLMM pools come from these sources; all others stand in recordings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from dex.launches.executed import Executed

_U64_SIZE: Final = 8


@dataclass(frozen=True, slots=True)
class Creation:
    """A pool that an instruction created. ``mints`` and ``creator`` as its accounts name them.

    ``asked`` is the opening that the creator asked for, in the unit of the pool (seconds or slots): None
    where the instruction says none or has no such argument. What counts is the account.
    """

    venue: str
    program: Pubkey
    instruction: str
    pool: Pubkey
    mints: tuple[Pubkey, Pubkey]
    creator: Pubkey
    asked: int | None = None


@dataclass(frozen=True, slots=True)
class _Kind:
    """How to read one instruction: account positions, and where its opening stands.

    ``asked_at``: offset of a u64; ``optional_at``: offset of a Borsh option of one.
    """

    name: str
    pool: int
    mints: tuple[int, int]
    creator: int
    asked_at: int | None = None
    optional_at: int | None = None

    @property
    def accounts(self) -> int:
        """How many accounts the instruction has at least."""
        return max(self.pool, *self.mints, self.creator) + 1

    def asked(self, data: bytes) -> int | None:
        """The opening in the instruction; None where it says none."""
        at = self.asked_at
        if self.optional_at is not None and data[self.optional_at : self.optional_at + 1] == b"\x01":
            at = self.optional_at + 1
        if at is None or len(data) < at + _U64_SIZE:
            return None
        return int.from_bytes(data[at : at + _U64_SIZE], "little")


_AMM_V4: Final = {b"\x01": _Kind("initialize2", 4, (8, 9), 17, asked_at=2)}
_CPMM: Final = {
    bytes.fromhex("afaf6d1f0d989bed"): _Kind("initialize", 3, (4, 5), 0, asked_at=24),
    bytes.fromhex("3f37fe4131b25979"): _Kind("initialize_with_permission", 4, (5, 6), 1, asked_at=24),
}
_CLMM: Final = {
    bytes.fromhex("e992d18ecf6840bc"): _Kind("create_pool", 2, (3, 4), 0, asked_at=24),
    bytes.fromhex("2b44d4a7592fa401"): _Kind("create_customizable_pool", 2, (3, 4), 0),
}
_DAMM_V2: Final = {
    bytes.fromhex("5fb40aac54aee828"): _Kind("initialize_pool", 6, (8, 9), 0, optional_at=40),
    bytes.fromhex("14a1f118bdddb402"): _Kind("initialize_customizable_pool", 5, (7, 8), 0),
    bytes.fromhex("955248c5fdfc440f"): _Kind("initialize_pool_with_dynamic_config", 7, (9, 10), 0),
}
_DLMM: Final = {
    bytes.fromhex("2d9aedd2dd0fa65c"): _Kind("initialize_lb_pair", 0, (2, 3), 8),
    bytes.fromhex("493b2478ed536cc6"): _Kind("initialize_lb_pair2", 0, (2, 3), 8),
    bytes.fromhex("2e2729876fb7c840"): _Kind(
        "initialize_customizable_permissionless_lb_pair", 0, (2, 3), 8, optional_at=18
    ),
    bytes.fromhex("f349817e3313f16b"): _Kind(
        "initialize_customizable_permissionless_lb_pair2", 0, (2, 3), 8, optional_at=18
    ),
    bytes.fromhex("6c66d555fb033515"): _Kind("initialize_permission_lb_pair", 1, (3, 4), 8),
}
_WHIRLPOOL: Final = {
    bytes.fromhex("5fb40aac54aee828"): _Kind("initialize_pool", 4, (1, 2), 3),
    bytes.fromhex("cf2d57f21b3fcc43"): _Kind("initialize_pool_v2", 6, (1, 2), 5),
    bytes.fromhex("8f5e604cac7c77c7"): _Kind(
        "initialize_pool_with_adaptive_fee", 7, (1, 2), 5, optional_at=24
    ),
}
_KINDS: Final[Mapping[str, Mapping[bytes, _Kind]]] = {
    "meteora-damm-v2": _DAMM_V2,
    "meteora-dlmm": _DLMM,
    "orca-whirlpool": _WHIRLPOOL,
    "orca-whirlpool-immutable": _WHIRLPOOL,
    "raydium-amm-v4": _AMM_V4,
    "raydium-clmm": _CLMM,
    "raydium-cpmm": _CPMM,
}
# Every instruction that creates a pool, by its name in the program's source.
INSTRUCTIONS: Final = frozenset(kind.name for kinds in _KINDS.values() for kind in kinds.values())
# initialize2 has no discriminator but a tag, and nothing after its four arguments.
_INITIALIZE2_SIZE: Final = 26


def creations_in(instructions: Iterable[Executed], venues: Mapping[Pubkey, str]) -> Iterator[Creation]:
    """The pools that the instructions of a *successful* transaction created; ``venues`` by program."""
    for executed in instructions:
        found = creation_of(executed, venues)
        if found is not None:
            yield found


def creation_of(executed: Executed, venues: Mapping[Pubkey, str]) -> Creation | None:
    """The pool that an instruction creates if it succeeds; None for any other instruction."""
    venue = venues.get(executed.program)
    kind = None if venue is None else _kind_of(venue, executed.data)
    if venue is None or kind is None or len(executed.accounts) < kind.accounts:
        return None
    first, second = kind.mints
    return Creation(
        venue=venue,
        program=executed.program,
        instruction=kind.name,
        pool=executed.accounts[kind.pool],
        mints=(executed.accounts[first], executed.accounts[second]),
        creator=executed.accounts[kind.creator],
        asked=kind.asked(executed.data),
    )


def _kind_of(venue: str, data: bytes) -> _Kind | None:
    kinds = _KINDS.get(venue, {})
    if kinds is _AMM_V4:
        return kinds.get(data[:1]) if len(data) == _INITIALIZE2_SIZE else None
    return kinds.get(data[:8])
