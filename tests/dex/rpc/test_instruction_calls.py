"""Landed transactions as nodes answer them: outer and inner instructions, tables, failures."""

from __future__ import annotations

from typing import Any

import pytest
from solders.pubkey import Pubkey

from dex import base58
from dex.errors import ChainAnswerInvalid
from dex.launches.executed import Executed
from dex.rpc.instruction_calls import Landed, PastSignature
from tests.dex.rpc.scripted_node import SIGNATURES, node

PAYER, PROGRAM, POOL, MINT = (Pubkey.from_bytes(bytes([number]) * 32) for number in range(1, 5))


def transaction(error: object = None, **meta: Any) -> dict[str, Any]:
    outer = {"programIdIndex": 1, "accounts": [0, 2], "data": base58.encode(b"outer")}
    inner = {"programIdIndex": 1, "accounts": [3], "data": base58.encode(b"\0inner"), "stackHeight": 2}
    return {
        "slot": 12,
        "meta": {
            "err": error,
            "innerInstructions": [{"index": 0, "instructions": [inner]}],
            "loadedAddresses": {"writable": [str(POOL)], "readonly": [str(MINT)]},
            **meta,
        },
        "transaction": {
            "signatures": [SIGNATURES[0]],
            "message": {"accountKeys": [str(PAYER), str(PROGRAM)], "instructions": [outer]},
        },
    }


async def test_inner_instructions_and_tables_are_read() -> None:
    rpc = node(lambda method, params: {"result": transaction()})
    assert await rpc.landed(SIGNATURES[0]) == Landed(
        SIGNATURES[0],
        12,
        (Executed(PROGRAM, (PAYER, POOL), b"outer"), Executed(PROGRAM, (MINT,), b"\0inner")),
        (PAYER, PROGRAM, POOL, MINT),
    )


@pytest.mark.parametrize("result", [None, transaction(error={"InstructionError": [0, "Custom"]})])
async def test_what_is_not_there_or_failed_has_not_landed(result: object) -> None:
    rpc = node(lambda method, params: {"result": result})
    assert await rpc.landed(SIGNATURES[0]) is None


async def test_an_index_beyond_the_accounts_is_no_answer() -> None:
    rpc = node(lambda method, params: {"result": transaction(loadedAddresses=None)})
    with pytest.raises(ChainAnswerInvalid):
        await rpc.landed(SIGNATURES[0])


async def test_signatures_of_an_address_come_with_slot_and_failure() -> None:
    entries = [
        {"signature": SIGNATURES[0], "slot": 9, "err": None},
        {"signature": SIGNATURES[1], "slot": 8, "err": "AccountInUse"},
    ]
    seen: list[Any] = []
    rpc = node(lambda method, params: {"result": entries}, seen)
    assert await rpc.history(POOL, before=SIGNATURES[2], limit=5) == [
        PastSignature(SIGNATURES[0], 9, False),
        PastSignature(SIGNATURES[1], 8, True),
    ]
    assert seen[0][0][1] == [str(POOL), {"commitment": "confirmed", "limit": 5, "before": SIGNATURES[2]}]
