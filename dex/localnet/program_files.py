"""Program files: read before the chain is opened, and remembered by the ledger that they ran in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from solders.pubkey import Pubkey

from dex.localnet.errors import UnusableProgram


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """A program's code, and what to call it in a message."""

    name: str
    code: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the code, in hex."""
        return sha256(self.code).hexdigest()


def read_programs(programs: Mapping[Pubkey, Path | bytes]) -> dict[Pubkey, ProgramFile]:
    """The programs' code by address; raises UnusableProgram for a file that cannot be read."""
    return {address: _read(address, program) for address, program in programs.items()}


def _read(address: Pubkey, program: Path | bytes) -> ProgramFile:
    if isinstance(program, bytes):
        return ProgramFile(f"the program for {address}", program)
    try:
        return ProgramFile(f"program file {program}", program.read_bytes())
    except OSError as error:
        raise UnusableProgram(f"program file {program}: {error.strerror or error}") from error


def as_fact(programs: Mapping[Pubkey, ProgramFile]) -> str:
    """Which programs there are, for the ledger: digests by address."""
    return json.dumps({str(address): program.digest for address, program in programs.items()}, sort_keys=True)


def difference(fact: str, programs: Mapping[Pubkey, ProgramFile]) -> str | None:
    """How ``programs`` differ from those that a ledger was begun with; None when they do not."""
    kept: dict[str, str] = json.loads(fact)
    now = {str(address): program for address, program in programs.items()}
    for address in sorted({*kept, *now}):
        if address not in now:
            return f"with a program at {address}, where there is none now"
        if address not in kept:
            return f"without a program at {address}, where {now[address].name} is now"
        if kept[address] != now[address].digest:
            return f"with another program at {address} than {now[address].name}"
    return None
