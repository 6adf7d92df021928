"""Vector files: reading one, and telling which kind it is."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from dex.verify.report import VectorFileError

_GZIP_MAGIC: Final = b"\x1f\x8b"

Content = Mapping[str, Any]


class Kind(StrEnum):
    """What a file records."""

    SWAPS = "swaps"
    INSTRUCTIONS = "instructions"
    STATE_AFTER = "state_after"
    BATCHES = "batches"
    TWO_HOPS = "two_hops"
    SPLITS = "splits"
    CREATIONS = "creations"


def read(path: Path) -> Content:
    """The JSON object of a file (.json or .json.gz); raises VectorFileError."""
    try:
        raw = path.read_bytes()
        content = json.loads(gzip.decompress(raw) if raw.startswith(_GZIP_MAGIC) else raw)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise VectorFileError(f"cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise VectorFileError("is not a vector file: no JSON object")
    return content


def kind_of(content: Content) -> Kind:
    """Which kind of recording a file holds, by its fields; raises VectorFileError."""
    if "sequences" in content:
        return Kind.BATCHES
    if "store" in content:
        return Kind.SPLITS
    if "venue" in content:
        return Kind.SWAPS
    cases = content.get("cases")
    if isinstance(cases, list):
        return _kind_of_case(cases[0] if cases else None)
    states = [value for key, value in content.items() if key != "note"]
    if states and all(map(_lists_states, states)):
        return Kind.STATE_AFTER
    raise VectorFileError("is not a vector file: neither 'venue' nor 'cases' is in it")


def _kind_of_case(case: object) -> Kind:
    if isinstance(case, dict):
        if "leg1" in case:
            return Kind.TWO_HOPS
        if isinstance(case.get("instruction"), dict):
            return Kind.INSTRUCTIONS
        if "opens_at" in case or "created" in case:
            return Kind.CREATIONS
    raise VectorFileError("is not a vector file: its cases are of no known kind")


def _lists_states(entries: object) -> bool:
    return isinstance(entries, list) and all(
        isinstance(entry, dict) and "pool_after" in entry for entry in entries
    )
