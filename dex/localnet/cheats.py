"""Cheat calls by the names that clients know from surfpool; they exist only when faults are allowed.

surfnet_setAccount [address, {"lamports", "owner", "data", "executable", "rentEpoch"}]
                            sets what is given of an account, ``data`` in hex, and makes it if need be
surfnet_setTokenAccount [owner, mint, {"amount", "delegate", "delegatedAmount", "state", "closeAuthority"},
                         tokenProgram]
                            the same of a wallet's associated token account; amounts in base units, state
                            "initialized" or "frozen", the word "null" clears an address. The mint's supply
                            stays as it is, as in surfpool. Token-2022 accounts must exist
surfnet_timeTravel [{"absoluteSlot"}]   closes and confirms slots until that one is open, at most 10,000.
                            Times and epochs are no aims: a slot has the time of the machine's clock
surfnet_pauseClock []       no slot closes any more; transactions land in the open one
surfnet_resumeClock []      slots close again

Answers are surfpool's: ``value`` null with the slot, or the chain's epoch info.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from solders.account import Account
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT, SYSTEM_PROGRAM, TOKEN_PROGRAM
from dex.localnet.account_methods import with_context
from dex.localnet.bank import Bank
from dex.localnet.blocks import Change
from dex.localnet.chain import Chain
from dex.localnet.chain_methods import get_epoch_info
from dex.localnet.dispatch import Method
from dex.localnet.errors import invalid_params
from dex.localnet.genesis_layouts import token_account
from dex.localnet.parameters import Options, Parameters, as_options, as_pubkey
from dex.localnet.token_accounts import TOKEN_PROGRAMS, read_mint, read_token_account
from dex.transactions.token_accounts import associated_token_address
from dex.venues.account_layout import patched

MOST_SLOTS: Final = 10_000
_MOST_DATA: Final = 10 * 1024 * 1024
_ACCOUNT_FIELDS: Final = ("lamports", "owner", "data", "executable", "rentEpoch")
_TOKEN_FIELDS: Final = ("amount", "delegate", "delegatedAmount", "state", "closeAuthority")
_STATES: Final = {"initialized": b"\x01", "frozen": b"\x02"}
# spl-token state.rs, Account.
_AMOUNT, _DELEGATE, _STATE, _DELEGATED, _CLOSE_AUTHORITY = 64, 72, 108, 121, 129


@dataclass(slots=True)
class SlotClock:
    """Whether slots close by themselves."""

    is_paused: bool = False


class Cheats:
    """The cheat calls of a network."""

    def __init__(self, chain: Chain, writing: asyncio.Lock, clock: SlotClock) -> None:
        """``writing`` is held while a slot is written to the ledger: the chain must not move under it."""
        self._chain = chain
        self._writing = writing
        self._clock = clock

    def methods(self) -> Mapping[str, Method]:
        """The methods by name."""
        return {
            "surfnet_setAccount": _set_account,
            "surfnet_setTokenAccount": _set_token_account,
            "surfnet_timeTravel": self._time_travel,
            "surfnet_pauseClock": self._pause,
            "surfnet_resumeClock": self._resume,
        }

    async def _time_travel(self, chain: Chain, parameters: Parameters) -> object:
        wanted = parameters.options(0)
        slot = wanted.integer("absoluteSlot")
        if slot is None:
            raise invalid_params("Invalid params: only absoluteSlot can be travelled to here")
        if not chain.slot <= slot <= chain.slot + MOST_SLOTS:
            raise invalid_params(f"Invalid params: absoluteSlot is {chain.slot} to {chain.slot + MOST_SLOTS}")
        async with self._writing:
            chain.advance(max(0, slot - chain.slot))
        return _epoch_info(chain)

    def _pause(self, chain: Chain, _parameters: Parameters) -> object:
        self._clock.is_paused = True
        return _epoch_info(chain)

    def _resume(self, chain: Chain, _parameters: Parameters) -> object:
        self._clock.is_paused = False
        return _epoch_info(chain)


def _epoch_info(chain: Chain) -> object:
    return get_epoch_info(chain, Parameters([{"commitment": "processed"}]))


def _set_account(chain: Chain, parameters: Parameters) -> object:
    address = parameters.pubkey(0)
    update = _known(parameters.required(1), _ACCOUNT_FIELDS)
    if update.flag("executable"):
        raise invalid_params("Invalid params: programs are loaded by --program")
    lamports, rent_epoch = update.integer("lamports"), update.integer("rentEpoch")
    owner, data = update.text("owner"), _hex(update.text("data"))
    program = None if owner is None else as_pubkey(owner)

    def change(bank: Bank) -> Mapping[Pubkey, Account | None]:
        found = bank.accounts.current(address) or Account(0, b"", SYSTEM_PROGRAM)
        return {
            address: Account(
                found.lamports if lamports is None else lamports,
                found.data if data is None else data,
                program or found.owner,
                found.executable,
                found.rent_epoch if rent_epoch is None else rent_epoch,
            )
        }

    return _written(chain, change)


def _set_token_account(chain: Chain, parameters: Parameters) -> object:
    owner, mint = parameters.pubkey(0), parameters.pubkey(1)
    update = _known(parameters.required(2), _TOKEN_FIELDS)
    program = TOKEN_PROGRAM if parameters.value(3) is None else parameters.pubkey(3)
    minted = chain.bank.accounts.current(mint)
    if program not in TOKEN_PROGRAMS or minted is None or minted.owner != program or not read_mint(minted):
        raise invalid_params("Invalid param: not a mint of the token program")
    address = associated_token_address(owner, mint, program)
    if program != TOKEN_PROGRAM and chain.bank.accounts.current(address) is None:
        raise invalid_params("Invalid param: the Token-2022 account does not exist")
    fields = _token_fields(update)

    def change(bank: Bank) -> Mapping[Pubkey, Account | None]:
        found = bank.accounts.current(address)
        if found is None or read_token_account(found) is None:
            new = token_account(mint, owner, 0)
            found = Account(new.lamports, new.data, new.owner)
        lamports = found.lamports
        if mint == NATIVE_MINT and _AMOUNT in fields:
            before, after = (int.from_bytes(each, "little") for each in (found.data[64:72], fields[_AMOUNT]))
            lamports += after - before
        return {address: Account(lamports, patched(found.data, fields), found.owner)}

    return _written(chain, change)


def _token_fields(update: Options) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    for name, offset in (("amount", _AMOUNT), ("delegatedAmount", _DELEGATED)):
        number = update.integer(name)
        if number is not None:
            fields[offset] = number.to_bytes(8, "little")
    for name, offset in (("delegate", _DELEGATE), ("closeAuthority", _CLOSE_AUTHORITY)):
        text = update.text(name)
        if text is not None:
            fields[offset] = bytes(36) if text == "null" else b"\x01\0\0\0" + bytes(as_pubkey(text))
    if "state" in update:
        fields[_STATE] = _STATES[update.choice("state", tuple(_STATES), "initialized")]
    return fields


def _known(found: object, names: tuple[str, ...]) -> Options:
    options = as_options(found)
    if isinstance(found, dict) and (unknown := sorted(found.keys() - set(names))):
        raise invalid_params(f"Invalid params: unknown field `{unknown[0]}`")
    return options


def _hex(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        data = bytes.fromhex(text)
    except ValueError:
        raise invalid_params("Invalid params: data is not hex") from None
    if len(data) > _MOST_DATA:
        raise invalid_params(f"Invalid params: data is longer than {_MOST_DATA} bytes")
    return data


def _written(chain: Chain, change: Change) -> object:
    chain.change_accounts(change)
    return with_context(chain.slot, None)
