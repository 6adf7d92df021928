"""The stand-ins take the recorded instructions: same outcome, same bytes in every account afterwards."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from solders.account import Account
from solders.clock import Clock
from solders.compute_budget import set_compute_unit_limit
from solders.instruction import AccountMeta, Instruction
from solders.litesvm import LiteSVM
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata

from dex.localnet.programs import BUNDLED
from tests.dex.localnet.test_programs import load_cases

# The recorded release of AMM v4 does not know tag 16, which the stand-in takes as later ones do; Whirlpool's
# stand-in does not know its first swap instruction.
OTHER_INSTRUCTIONS = ("raydium-amm-v4-ix-31", "orca-whirlpool-ix-28")
CASES = {
    case["id"]: case
    for case in load_cases("instructions")
    if Pubkey.from_string(case["program"]) in BUNDLED and case["id"] not in OTHER_INSTRUCTIONS
}


def placed(svm: LiteSVM, entry: dict[str, Any], address: str) -> None:
    lamports = int(entry.get("lamports", 10**12))
    data = base64.b64decode(entry["data"])
    svm.set_account(Pubkey.from_string(address), Account(lamports, data, Pubkey.from_string(entry["owner"])))


def staged(case: dict[str, Any]) -> LiteSVM:
    svm = LiteSVM().with_sigverify(False)
    program = Pubkey.from_string(case["program"])
    svm.add_program_from_file(program, BUNDLED[program])
    for value in case["accounts"].values():
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, dict):
                placed(svm, entry, entry["address"])
    for address, entry in case["other_accounts"].items():
        placed(svm, entry, address)
    svm.set_account(Pubkey.from_string(case["payer"]), Account(10**12, b"", Pubkey.default()))
    clock = case["clock"]
    svm.set_clock(Clock(clock["slot"], clock["ts"], clock["epoch"], clock["epoch"], clock["ts"]))
    return svm


def executed(svm: LiteSVM, case: dict[str, Any]) -> Any:
    recorded = case["instruction"]
    metas = [
        AccountMeta(Pubkey.from_string(key), bool(signer), bool(writable))
        for key, signer, writable in recorded["accounts"]
    ]
    instruction = Instruction(Pubkey.from_string(recorded["program"]), bytes.fromhex(recorded["data"]), metas)
    message = MessageV0.try_compile(
        Pubkey.from_string(case["payer"]),
        [set_compute_unit_limit(1_400_000), instruction],
        [],
        svm.latest_blockhash(),
    )
    return svm.send_transaction(VersionedTransaction.populate(message, [Signature.default()]))


def compact(error: object) -> str:
    """An error's text without the layout that a version of the library gives it."""
    return re.sub(r",(?=\))", "", re.sub(r"\s", "", str(error)))


@pytest.mark.parametrize("case_id", CASES)
def test_a_recorded_instruction_does_what_it_did(case_id: str) -> None:
    case = CASES[case_id]
    svm = staged(case)
    result = executed(svm, case)
    if not case["onchain"]["ok"]:
        assert isinstance(result, FailedTransactionMetadata), case["note"]
        assert compact(result.err()) == compact(case["onchain"]["raw"]), (case["note"], result.meta().logs())
        return
    assert not isinstance(result, FailedTransactionMetadata), result
    for address, data in case["accounts_after"].items():
        account = svm.get_account(Pubkey.from_string(address))
        assert account is not None
        wanted = base64.b64decode(data)
        different = [offset for offset in range(len(wanted)) if account.data[offset] != wanted[offset]]
        assert different == [], (address, case["note"])
