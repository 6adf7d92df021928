"""What an adapter quotes is what its own instruction moves, in the virtual machine, to the unit.

And the state that it expects afterwards is one from which the next quotes are those of the accounts on the
machine. The programs are localnet's. Pairs with limit orders of DLMM are left to the recordings.
"""

from __future__ import annotations

from dataclasses import replace
from struct import unpack_from
from types import ModuleType
from typing import Any

import pytest
from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.localnet.programs import (
    METEORA_DAMM_V2,
    METEORA_DLMM,
    ORCA_WHIRLPOOL,
    RAYDIUM_AMM_V4,
    RAYDIUM_CLMM,
    RAYDIUM_CPMM,
)
from dex.types import AccountData, FailureKind, Quote, Snapshot, Swap, SwapMode
from dex.verify.recording import completed
from tests.dex.localnet import (
    amm_v4_scene,
    clmm_scene,
    cpmm_scene,
    damm_v2_scene,
    dlmm_scene,
    whirlpool_scene,
)
from tests.dex.localnet.test_programs import Bank
from tests.dex.recorded_swaps import AMM_V4, CLMM, CPMM, DAMM_V2, DLMM, WHIRLPOOL, Recorded, recorded


class Stage:
    """A recorded pool on the virtual machine, with a funded user."""

    def __init__(self, bank: Bank, scenery: ModuleType, entry: Recorded) -> None:
        self._bank, self._entry = bank, entry
        self._scene: Any = scenery.set_scene(bank, entry.case)

    def execute(self, quote: Quote, *, amount_in: int, amount_out: int) -> tuple[int, int] | FailureKind:
        """(paid, received) in base units, or what the venue says of the failure."""
        swap = Swap(
            payer=self._bank.user.pubkey(),
            token_in=quote.token_in,
            token_out=quote.token_out,
            account_in=self._scene.source,
            account_out=self._scene.destination,
            amount_in=amount_in,
            amount_out=amount_out,
            mode=quote.mode,
        )
        (instruction,) = self._entry.pool.swap_instructions(self._entry.snapshot, swap)
        before = self._balances()
        outcome = self._bank.run(instruction.program_id, instruction.accounts, bytes(instruction.data))
        if outcome.error is not None:
            return self._entry.venue.classify_failure(outcome.error, outcome.logs)
        after = self._balances()
        return before[0] - after[0], after[1] - before[1]

    def state(self) -> Snapshot:
        """The entry's accounts as they are on the machine now; what the scene left out as recorded."""
        accounts: dict[Pubkey, AccountData | None] = dict(self._entry.snapshot.accounts)
        for address, account in accounts.items():
            there = self._bank.svm.get_account(address)
            if account is not None and there is not None:
                accounts[address] = replace(account, data=bytes(there.data))
        return replace(self._entry.snapshot, accounts=accounts)

    def _balances(self) -> tuple[int, int]:
        return self._balance(self._scene.source), self._balance(self._scene.destination)

    def _balance(self, address: Pubkey) -> int:
        (amount,) = unpack_from("<Q", self._bank.data(address), 64)
        return int(amount)


def is_served(entry: Recorded) -> bool:
    if entry.case.get("params", {}).get("limit_orders"):
        return False
    return passes_all_arrays(entry)


def passes_all_arrays(entry: Recorded) -> bool:
    """Some recordings withhold tick arrays that exist; an adapter names all that the swap may need."""
    passed = entry.case.get("tick_arrays_passed")
    if passed is None:
        return True
    existing = {Pubkey.from_string(array["address"]) for array in entry.case["accounts"]["tick_arrays"]}
    wanted = existing.intersection(entry.pool.further_accounts(entry.snapshot, entry.request))
    return wanted <= set(map(Pubkey.from_string, passed))


def next_quotes(entry: Recorded, snapshot: Snapshot) -> list[object]:
    """What the pool says of the same request again and of the one back: amounts, or the refusal's kind."""
    same = entry.request
    answers: list[object] = []
    for request in (same, replace(same, token_in=same.token_out, token_out=same.token_in)):
        try:
            quote = entry.pool.quote(completed(entry.pool, snapshot, request), request)
            answers.append((quote.amount_in, quote.amount_out, quote.fee_amount))
        except DexError as refusal:
            answers.append(type(refusal))
    return answers


@pytest.mark.parametrize(
    ("path", "scenery", "program", "swaps"),
    [
        pytest.param(AMM_V4, amm_v4_scene, RAYDIUM_AMM_V4, 109, id="raydium-amm-v4"),
        pytest.param(CPMM, cpmm_scene, RAYDIUM_CPMM, 335, id="raydium-cpmm"),
        pytest.param(CLMM, clmm_scene, RAYDIUM_CLMM, 135, id="raydium-clmm"),
        pytest.param(DAMM_V2, damm_v2_scene, METEORA_DAMM_V2, 260, id="meteora-damm-v2"),
        pytest.param(DLMM, dlmm_scene, METEORA_DLMM, 64, id="meteora-dlmm"),
        pytest.param(WHIRLPOOL, whirlpool_scene, ORCA_WHIRLPOOL, 699, id="orca-whirlpool"),
    ],
)
def test_a_quote_is_what_the_swap_moves_and_its_limit_is_kept(
    path: Any, scenery: ModuleType, program: Pubkey, swaps: int
) -> None:
    bank, executed = Bank(program), 0
    for name, entry in recorded(path).items():
        if not is_served(entry):
            continue
        try:
            quote = entry.pool.quote(entry.snapshot, entry.request)
        except DexError:
            continue
        stage = Stage(bank, scenery, entry)
        if quote.mode is SwapMode.EXACT_IN:
            refused = stage.execute(quote, amount_in=quote.amount_in, amount_out=quote.amount_out + 1)
            assert refused is FailureKind.SLIPPAGE_EXCEEDED, name
        elif quote.amount_in > 1:
            refused = stage.execute(quote, amount_in=quote.amount_in - 1, amount_out=quote.amount_out)
            assert refused is FailureKind.SLIPPAGE_EXCEEDED, name
        moved = stage.execute(quote, amount_in=quote.amount_in, amount_out=quote.amount_out)
        assert moved == (quote.amount_in, quote.amount_out), name
        expected = entry.pool.after(entry.snapshot, quote)
        assert next_quotes(entry, expected) == next_quotes(entry, stage.state()), name
        executed += 1

    assert executed == swaps
