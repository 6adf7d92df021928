"""Answers of an SDK alone, where no program ran: PumpSwap's quotes and the instructions that its SDK makes.

The formula has to give the SDK's amounts, also for what the engine refuses to put on chain: sales of an
exact output, and pools whose accounts the SDK enlarges first. For everything else the adapter has to make the
SDK's instruction, one of the first form. Who is paid the fees is a choice among the program's recipients.
For a purchase with an exact input the SDK makes a ``buy`` of the amount that it expects; the adapter makes
``buy_exact_quote_in`` with the same accounts. An instruction of the second form names no other accounts.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex import errors
from dex.types import AccountData, Clock, QuoteRequest, Snapshot, Swap, SwapMode
from dex.venues.base import Venue
from dex.venues.pumpswap import first_form
from dex.venues.pumpswap.addresses import FEE_CONFIG, user_volume
from dex.venues.pumpswap.curve import Outcome
from dex.venues.pumpswap.pool import PumpSwapPool
from dex.verify.recording import Case, recorded_accounts
from dex.verify.refusals import said

REMARK: Final = "answers of the SDK: no program ran"
_AMOUNT_OFFSET: Final = 64
_TOKEN_ACCOUNT_SIZE: Final = 165
_MINT_SIZE: Final = 82
_NO_CLOCK: Final = Clock(0, 0, 0)
_SALES: Final = "base_to_quote"
# A recipient of fees and its token account.
_WITH_ACCOUNT: Final = 2


def is_sdk_quote(case: Case) -> bool:
    """Whether a case is such an answer."""
    return "sdk_function" in case


def opened(venue: Venue, case: Case) -> tuple[PumpSwapPool, Snapshot]:
    """The pool and all that its quotes read; raises PoolRefused as ``open_pool`` does."""
    entry = case["accounts"]["pool"]
    account = AccountData(Pubkey.from_string(entry["owner"]), 1, base64.b64decode(entry["data"]))
    pool = venue.open_pool(Pubkey.from_string(entry["address"]), account)
    if not isinstance(pool, PumpSwapPool):
        raise TypeError(f"no adapter reads quotes of {venue.name}'s SDK")
    accounts: dict[Pubkey, AccountData | None] = {FEE_CONFIG: None, **recorded_accounts(case["accounts"])}
    program = Pubkey.from_string(case["accounts"]["quote_token_program"])
    accounts[pool.mints[1]] = AccountData(program, 1, bytes(_MINT_SIZE))
    for mint, vault, balance in zip(pool.mints, pool.vaults, case["vault_balance"], strict=True):
        data = bytearray(_TOKEN_ACCOUNT_SIZE)
        struct.pack_into("<Q", data, _AMOUNT_OFFSET, int(balance))
        accounts[vault] = AccountData(_owner(accounts[mint]), 1, bytes(data))
    return pool, Snapshot(_NO_CLOCK, accounts)


def request_of(pool: PumpSwapPool, case: Case) -> QuoteRequest:
    """What the SDK was asked."""
    mints = pool.mints if case["direction"] == _SALES else pool.mints[::-1]
    return QuoteRequest(*mints, amount=int(case["amount"]), mode=SwapMode(case["mode"]))


def difference(venue: Venue, case: Case) -> str | None:
    """None when the adapter agrees with the SDK, else what differs."""
    pool, snapshot = opened(venue, case)
    request = request_of(pool, case)
    try:
        outcome = pool.formula(snapshot, request)
    except errors.DexError as refusal:
        agrees = isinstance(refusal, _refusals(case["sdk"]))
        return None if agrees else f"{case['id']}: the SDK {_sdk_said(case)}, adapter {said(refusal)}"
    found = _other_amounts(case, request, outcome)
    found = found or _other_instruction(_Asked(venue, pool, snapshot, request, outcome), case)
    return found and f"{case['id']}: {found}"


class _Asked(NamedTuple):
    """A question, where it was asked, and the answer of the adapter's formula."""

    venue: Venue
    pool: PumpSwapPool
    snapshot: Snapshot
    request: QuoteRequest
    outcome: Outcome


def _owner(account: AccountData | None) -> Pubkey:
    if account is None:
        raise KeyError("a mint of the pool")
    return account.owner


def _refusals(sdk: Mapping[str, Any]) -> tuple[type[errors.DexError], ...]:
    """What agrees with an SDK that refuses, or that answers with nothing (or less, for a single unit)."""
    if "error" in sdk:
        return (errors.InsufficientLiquidity,)
    return (errors.AmountTooSmall,) if int(sdk["result"]) <= 0 else ()


def _sdk_said(case: Case) -> str:
    return str(case["sdk"].get("error") or f"answered {case['sdk']['result']}")


def _other_amounts(case: Case, request: QuoteRequest, outcome: Outcome) -> str | None:
    answered = outcome.amount_out if request.mode is SwapMode.EXACT_IN else outcome.amount_in
    if str(answered) == case["sdk"].get("result"):
        return None
    return f"the SDK {_sdk_said(case)}, adapter {answered}"


def _other_instruction(asked: _Asked, case: Case) -> str | None:
    """What differs in the instruction, or in the refusal to make one."""
    program = str(asked.venue.program_id)
    (*extended, recorded) = [one for one in case["sdk"]["instructions"] if one["program"] == program]
    unmade = bool(extended) or (case["direction"] == _SALES and asked.request.mode is SwapMode.EXACT_OUT)
    swap = _swap(recorded, asked.request, asked.outcome)
    try:
        quote = asked.pool.quote(asked.snapshot, asked.request)
        (own,) = asked.pool.swap_instructions(asked.snapshot, swap)
    except errors.UnsupportedPool as refusal:
        return None if unmade else f"the SDK made a swap, adapter {said(refusal)}"
    if unmade:
        return "the adapter makes an instruction that there is nothing to compare with"
    if (quote.amount_in, quote.amount_out) != (swap.amount_in, swap.amount_out):
        return f"its own formula gives {swap.amount_in} and {swap.amount_out}, adapter {said(quote)}"
    keys, sells_base = asked.pool.swap_keys(asked.snapshot, swap), case["direction"] == _SALES
    made = first_form.encode(keys, swap, sells_base=sells_base)
    if list(made.accounts) != _with_choice(recorded, made, asked):
        return f"other accounts than the SDK: {[str(meta.pubkey) for meta in made.accounts]}"
    return _other_data(recorded, made) or _strange(asked.venue, own, made, swap)


def _swap(recorded: Mapping[str, Any], request: QuoteRequest, outcome: Outcome) -> Swap:
    keys = [Pubkey.from_string(key) for key, *_ in recorded["accounts"]]
    # Its mints and the wallet's token accounts stand in the order base, quote.
    own = (keys[5], keys[6]) if request.token_in == keys[3] else (keys[6], keys[5])
    amounts = outcome.amount_in, outcome.amount_out
    return Swap(keys[1], request.token_in, request.token_out, *own, *amounts, request.mode)


def _with_choice(recorded: Mapping[str, Any], made: Instruction, asked: _Asked) -> list[AccountMeta]:
    """The SDK's accounts with the adapter's choice of recipients where both are the program's."""
    accounts = [
        AccountMeta(Pubkey.from_string(key), bool(signer), bool(writable))
        for key, signer, writable in recorded["accounts"]
    ]
    allowed = asked.pool.recipients(asked.snapshot)
    for place, known in ((9, allowed.protocol), (len(accounts) - 2, allowed.buyback)):
        own = made.accounts[place : place + 2]
        if len(own) == _WITH_ACCOUNT and {accounts[place].pubkey, own[0].pubkey} <= set(known):
            accounts[place : place + 2] = own
    return accounts


def _other_data(recorded: Mapping[str, Any], made: Instruction) -> str | None:
    """What differs in the data of the first form."""
    given, wanted = bytes(made.data), bytes.fromhex(recorded["data"])
    if given.startswith(first_form.BUY_EXACT_QUOTE_IN):
        # The same two amounts, which this instruction names the other way round.
        wanted = first_form.BUY_EXACT_QUOTE_IN + wanted[16:24] + wanted[8:16] + wanted[24:]
    return None if given == wanted else f"data {given.hex()}"


def _strange(venue: Venue, own: Instruction, made: Instruction, swap: Swap) -> str | None:
    """What the engine's own instruction says or names that the first form does not."""
    found = venue.decode_swap(own)
    amounts = found.amount_in, found.amount_out, found.mode
    if amounts != (swap.amount_in, swap.amount_out, swap.mode):
        return f"decoded as {found}"
    # Sales of the second form count what a wallet trades, as purchases of both do.
    known = {user_volume(swap.payer), *(meta.pubkey for meta in made.accounts)}
    strange = {meta.pubkey for meta in own.accounts} - known
    return f"names {sorted(map(str, strange))}" if strange else None
