"""Solana's WebSocket subscriptions: what a connection asked for, and its notifications."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from solders.account import Account
from solders.pubkey import Pubkey

from dex.config import SYSTEM_PROGRAM
from dex.localnet.account_methods import account_predicate, with_context
from dex.localnet.blocks import Block, Commitment
from dex.localnet.chain import Chain
from dex.localnet.encoding import account_json
from dex.localnet.errors import invalid_params, method_not_found
from dex.localnet.execution import Execution
from dex.localnet.parameters import Options, Parameters, as_options, as_pubkey, as_signature

Send = Callable[[str], None]
_ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription of a connection. ``key`` is what index it is found by."""

    number: int
    kind: str
    key: object
    commitment: Commitment
    options: Options
    send: Send

    def notify(self, result: object) -> None:
        """Sends one notification."""
        params = {"result": result, "subscription": self.number}
        message = {"jsonrpc": "2.0", "method": f"{self.kind}Notification", "params": params}
        self.send(json.dumps(message, separators=(",", ":")))


class SubscriptionHub:
    """All subscriptions, fed by the chain (a ChainListener)."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._numbers = itertools.count(1)
        self._all: dict[int, Subscription] = {}
        self._index: dict[str, dict[object, dict[int, Subscription]]] = {kind: {} for kind in _READERS}
        chain.listeners.append(self)

    def call(self, method: str, parameters: Parameters, send: Send) -> tuple[object, Callable[[], None]]:
        """Runs a subscription method. The result, and what to do once the result has been sent."""
        for kind in _READERS:
            if method == f"{kind}Subscribe":
                found = self._subscribe(kind, parameters, send)
                return found.number, partial(self._catch_up, found)
            if method == f"{kind}Unsubscribe":
                return self._unsubscribe(kind, parameters.integer(0)), _nothing
        raise method_not_found()

    def drop(self, send: Send) -> None:
        """Ends every subscription of a connection."""
        for found in [found for found in self._all.values() if found.send == send]:
            self._remove(found)

    # -- ChainListener ------------------------------------------------------------------------

    def slot_opened(self, slot: int) -> None:
        """slotNotification: the new slot, its parent, and the newest finalized one."""
        for found in self._matching("slot", _ALL):
            found.notify({"parent": slot - 1, "root": self._chain.finalized_slot, "slot": slot})

    def transaction_processed(self, execution: Execution) -> None:
        """Notifications at commitment processed."""
        if not self._all:
            return
        self._notify_transaction(execution, Commitment.PROCESSED)
        keys = zip(execution.keys.all, execution.keys.writable, strict=True)
        changed = [address for address, writable in keys if writable]
        self._notify_accounts(changed, execution.slot, Commitment.PROCESSED)

    def accounts_changed(self, addresses: Iterable[Pubkey], slot: int) -> None:
        """Notifications at commitment processed of what no transaction wrote."""
        self._notify_accounts(addresses, slot, Commitment.PROCESSED)

    def slot_committed(self, block: Block, commitment: Commitment) -> None:
        """Notifications at confirmed and finalized."""
        if not self._all:
            return
        for execution in block.executions:
            self._notify_transaction(execution, commitment)
        changed = self._chain.bank.accounts.changed_in(block.slot)
        self._notify_accounts(changed, block.slot, commitment)
        if commitment is Commitment.FINALIZED:
            for found in self._matching("root", _ALL):
                found.notify(block.slot)

    # -- inside -------------------------------------------------------------------------------

    def _subscribe(self, kind: str, parameters: Parameters, send: Send) -> Subscription:
        key, options = _READERS[kind](parameters)
        found = Subscription(next(self._numbers), kind, key, options.commitment(), options, send)
        self._all[found.number] = found
        self._index[kind].setdefault(key, {})[found.number] = found
        return found

    def _unsubscribe(self, kind: str, number: int) -> bool:
        found = self._all.get(number)
        if found is None or found.kind != kind:
            raise invalid_params("Invalid subscription id.")
        self._remove(found)
        return True

    def _remove(self, found: Subscription) -> None:
        self._all.pop(found.number, None)
        peers = self._index[found.kind].get(found.key, {})
        peers.pop(found.number, None)
        if not peers:
            self._index[found.kind].pop(found.key, None)

    def _matching(self, kind: str, key: object) -> Iterable[Subscription]:
        return tuple(self._index[kind].get(key, {}).values())

    def _catch_up(self, found: Subscription) -> None:
        """A signature that has already got there is notified at once: nothing more will happen to it."""
        if found.kind != "signature" or found.number not in self._all:
            return
        status = self._chain.status_in_history(str(found.key))
        if status is not None and status.slot <= self._chain.slot_at(found.commitment):
            self._notify_signature(found, status.slot, status.error)

    def _notify_signature(self, found: Subscription, slot: int, error: object) -> None:
        found.notify(with_context(slot, {"err": error}))
        self._remove(found)

    def _notify_transaction(self, execution: Execution, commitment: Commitment) -> None:
        for found in self._matching("signature", execution.signature):
            if found.commitment is commitment:
                self._notify_signature(found, execution.slot, execution.error)
            elif commitment is Commitment.PROCESSED and found.options.flag("enableReceivedNotification"):
                found.notify(with_context(execution.slot, "receivedSignature"))
        if self._index["logs"]:
            self._notify_logs(execution, commitment)

    def _notify_logs(self, execution: Execution, commitment: Commitment) -> None:
        matching = {
            found.number: found
            for key in (_ALL, *execution.keys.all)
            for found in self._matching("logs", key)
            if found.commitment is commitment
        }
        for found in matching.values():
            value = {
                "signature": execution.signature,
                "err": execution.error,
                "logs": execution.outcome.logs(),
            }
            found.notify(with_context(execution.slot, value))

    def _notify_accounts(self, changed: Iterable[Pubkey], slot: int, commitment: Commitment) -> None:
        if not self._index["account"] and not self._index["program"]:
            return
        for address in changed:
            for found in self._matching("account", address):
                if found.commitment is commitment:
                    self._notify_account(found, address, slot)
            self._notify_program(address, slot, commitment)

    def _notify_account(self, found: Subscription, address: Pubkey, slot: int) -> None:
        bank = self._chain.bank
        account = bank.account(address, slot) or Account(0, b"", SYSTEM_PROGRAM)
        found.notify(with_context(slot, account_json(bank, account, found.options)))

    def _notify_program(self, address: Pubkey, slot: int, commitment: Commitment) -> None:
        bank = self._chain.bank
        account = bank.accounts.at(address, slot)
        if account is None:
            return
        for found in self._matching("program", account.owner):
            if found.commitment is commitment and account_predicate(found.options)(account):
                encoded = account_json(bank, account, found.options)
                found.notify(with_context(slot, {"pubkey": str(address), "account": encoded}))


def _nothing() -> None:
    """Nothing follows the result."""


def _read_slot(_parameters: Parameters) -> tuple[object, Options]:
    return _ALL, Options({})


def _read_signature(parameters: Parameters) -> tuple[object, Options]:
    options = parameters.options(1)
    options.flag("enableReceivedNotification")
    return as_signature(parameters.text(0)), options


def _read_account(parameters: Parameters) -> tuple[object, Options]:
    return parameters.pubkey(0), parameters.options(1)


def _read_program(parameters: Parameters) -> tuple[object, Options]:
    options = parameters.options(1)
    account_predicate(options)
    return parameters.pubkey(0), options


def _read_logs(parameters: Parameters) -> tuple[object, Options]:
    wanted = parameters.required(0)
    if wanted in ("all", "allWithVotes"):
        return _ALL, parameters.options(1)
    mentions = as_options(wanted).value("mentions")
    if not isinstance(mentions, list) or len(mentions) != 1:
        raise invalid_params("Invalid Request: Only 1 address supported")
    return as_pubkey(str(mentions[0])), parameters.options(1)


_READERS: Final[Mapping[str, Callable[[Parameters], tuple[object, Options]]]] = {
    "signature": _read_signature,
    "account": _read_account,
    "program": _read_program,
    "logs": _read_logs,
    "slot": _read_slot,
    "root": _read_slot,
}
