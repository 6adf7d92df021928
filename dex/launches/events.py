"""Pools that programs announce in events: in their log, or in a call to themselves.

raydium-clmm states/pool.rs PoolCreatedEvent; whirlpools events.rs PoolInitialized (absent before 2025);
damm-v2 event.rs EvtInitializePool; dlmm-sdk idls/dlmm.json LbPairCreate. CPMM announces nothing, AMM v4 logs
a `ray_log` that names its market but no pool. Logs can be cut short: what is missing here may have happened.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final

from solders.pubkey import Pubkey

from dex.launches.executed import Executed
from dex.launches.openings import Opening, unit_of
from dex.venues.account_layout import pubkey_at

_SELF_CALL: Final = bytes.fromhex("e445a52e51cb9a1d")  # Anchor's event_cpi
_CLMM: Final = bytes.fromhex("195e4b2f7063353f")
_WHIRLPOOL: Final = bytes.fromhex("6476ad570cc6fee5")
_DAMM_V2: Final = bytes.fromhex("e432f655cb428625")
_DLMM: Final = bytes.fromhex("b94afc7d1bd7bc6f")
_CLMM_SIZE, _WHIRLPOOL_SIZE, _DLMM_SIZE = 190, 220, 106
_RAY_LOG: Final = Struct("<BQBBQQQQ32s")
_RAY_LOG_INITIALIZE: Final = 0
# EvtInitializePool: its fee parameters vary in length; from its end back there are the pool's type, four
# amounts, two flags, the activation point, price and liquidity, the fee mode and the activation's type.
_ACTIVATION: Final = Struct("<B33xQ")
_ACTIVATION_FROM_END: Final = 77


@dataclass(frozen=True, slots=True)
class Announced:
    """A pool that its program has announced; ``opening`` where the event says it."""

    venue: str
    pool: Pubkey
    mints: tuple[Pubkey, Pubkey]
    opening: Opening | None = None


@dataclass(frozen=True, slots=True)
class AmmV4Created:
    """What an AMM v4 pool's creation logs; amounts in base units. The pool is not named."""

    open_time: int
    pc_amount: int
    coin_amount: int
    market: Pubkey


def announced_in(
    instructions: Iterable[Executed], logs: Sequence[str], venues: Mapping[Pubkey, str]
) -> Iterator[Announced]:
    """The pools that a transaction's events announce; ``venues`` by program."""
    for executed in instructions:
        if executed.data.startswith(_SELF_CALL):
            found = _event(venues.get(executed.program), executed.data[len(_SELF_CALL) :])
            if found is not None:
                yield found
    for program, data in _logged(logs, "Program data: "):
        found = _event(venues.get(program), data)
        if found is not None:
            yield found


def amm_v4_created_in(logs: Sequence[str], program: Pubkey) -> Iterator[AmmV4Created]:
    """The creations that AMM v4 at ``program`` has logged."""
    for logger, data in _logged(logs, "Program log: ray_log: "):
        if logger != program or len(data) != _RAY_LOG.size or data[0] != _RAY_LOG_INITIALIZE:
            continue
        _, open_time, _, _, _, _, pc, coin, market = _RAY_LOG.unpack(data)
        yield AmmV4Created(open_time, pc, coin, Pubkey.from_bytes(market))


def _logged(logs: Iterable[str], prefix: str) -> Iterator[tuple[Pubkey, bytes]]:
    """What follows ``prefix``, decoded, with the program that was running."""
    running: list[Pubkey] = []
    for line in logs:
        words = line.split(" ")
        if line.startswith(prefix) and running:
            try:
                yield running[-1], base64.b64decode(line[len(prefix) :], validate=True)
            except binascii.Error:
                continue
        elif words[0] == "Program" and words[2:3] == ["invoke"]:
            running.append(Pubkey.from_string(words[1]))
        elif words[0] == "Program" and words[2:3] in (["success"], ["failed:"]) and running:
            running.pop()


def _event(venue: str | None, data: bytes) -> Announced | None:
    read = _READERS.get((venue or "", data[:8]))
    return None if read is None or venue is None else read(venue, data)


def _read_clmm(venue: str, data: bytes) -> Announced | None:
    if len(data) != _CLMM_SIZE:
        return None
    return Announced(venue, pubkey_at(data, 74), (pubkey_at(data, 8), pubkey_at(data, 40)))


def _read_whirlpool(venue: str, data: bytes) -> Announced | None:
    if len(data) != _WHIRLPOOL_SIZE:
        return None
    return Announced(venue, pubkey_at(data, 8), (pubkey_at(data, 72), pubkey_at(data, 104)))


def _read_dlmm(venue: str, data: bytes) -> Announced | None:
    if len(data) != _DLMM_SIZE:
        return None
    return Announced(venue, pubkey_at(data, 8), (pubkey_at(data, 42), pubkey_at(data, 74)))


def _read_damm_v2(venue: str, data: bytes) -> Announced | None:
    at = len(data) - _ACTIVATION_FROM_END
    if at < 8 + 5 * 32:
        return None
    activation_type, point = _ACTIVATION.unpack_from(data, at)
    opening = Opening(unit_of(activation_type), point)
    return Announced(venue, pubkey_at(data, 8), (pubkey_at(data, 40), pubkey_at(data, 72)), opening)


_READERS: Final[Mapping[tuple[str, bytes], Callable[[str, bytes], Announced | None]]] = {
    ("meteora-damm-v2", _DAMM_V2): _read_damm_v2,
    ("meteora-dlmm", _DLMM): _read_dlmm,
    ("orca-whirlpool", _WHIRLPOOL): _read_whirlpool,
    ("orca-whirlpool-immutable", _WHIRLPOOL): _read_whirlpool,
    ("raydium-clmm", _CLMM): _read_clmm,
}
