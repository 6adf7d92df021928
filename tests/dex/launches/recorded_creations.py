"""Recorded creations of pools, as the decoders take them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from dex.launches.executed import Executed, Inner, executed_in
from dex.types import AccountData
from dex.venues.registry import venues_for
from dex.verify.vector_file import read
from tests.dex.recorded_swaps import DATA

FILE: Final = DATA / "creations.json.gz"
CASES: Final[dict[str, Any]] = {case["id"]: case for case in read(FILE)["cases"]}
CREATED: Final = [name for name, case in CASES.items() if case["ok"]]
VENUES: Final = {venue.program_id: venue.name for venue in venues_for("mainnet-beta")}


def account(entry: Mapping[str, Any]) -> AccountData:
    data = base64.b64decode(entry["data"])
    return AccountData(Pubkey.from_string(entry["owner"]), entry.get("lamports", 1), data)


def pool_account(name: str) -> AccountData:
    case = CASES[name]
    return account(case["created"][case["pool"]])


def oracle_account(name: str) -> AccountData | None:
    field = CASES[name]["open_field_offset"]
    return account(CASES[name]["created"][field["account"]]) if isinstance(field, dict) else None


def executed(name: str) -> list[Executed]:
    case = CASES[name]
    inner = [
        Inner(
            entry["outer"],
            Executed(
                Pubkey.from_string(entry["program"]),
                tuple(map(Pubkey.from_string, entry["accounts"])),
                bytes.fromhex(entry["data"]),
            ),
        )
        for entry in case["inner_instructions"]
    ]
    transaction = VersionedTransaction.from_bytes(base64.b64decode(case["transaction"]))
    return list(executed_in(transaction, inner))
