"""The engine's own lookup tables: made, filled and closed by transactions of its wallet, one after the other.

What is signed is in the audit log before its bytes leave this process, so that a table that was made by a
command which broke off is known all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from django.conf import settings
from solders.pubkey import Pubkey

from orders import gateway
from orders.gateway import TableChange, TableStep
from orders.models import AuditEntry
from orders.records import audit, kill_switch
from orders.records.audit import Actor

_ACTION: Final = "lookup table"


def known_tables() -> list[Pubkey]:
    """The tables of the settings, and those that this engine's wallet has signed for, oldest first."""
    noted = AuditEntry.objects.filter(action__startswith=_ACTION, detail__startswith=_detail(""))
    subjects = noted.order_by("at").values_list("subject", flat=True)
    texts = dict.fromkeys([*settings.LOOKUP_TABLES, *subjects])
    return [Pubkey.from_string(text) for text in texts]


def require_allowed(changes: Sequence[TableChange]) -> None:
    """Refuse, before anybody is asked and anything is sent, what would be refused at its signature.

    Raises TradingHalted, DexError.
    """
    kill_switch.require_on()
    for change in changes:
        gateway.check_table_change(change)


def carry_out(changes: Sequence[TableChange], by: Actor, done: Callable[[TableChange, str], None]) -> None:
    """Sign each change, send it, and wait until it is confirmed; ``done`` gets it with its signature.

    Raises TradingHalted while trading is off, DexError where nothing was signed, TableChangeFailed.
    """
    for change in changes:
        kill_switch.require_on()
        signed = gateway.sign_table_change(change)
        audit.note(by, f"{_ACTION} {_word(change)}", str(change.table), _detail(signed.signature))
        gateway.land(signed)
        done(change, signed.signature)


def _word(change: TableChange) -> str:
    if change.step is TableStep.FILL:
        return "extended" if change.recent_slot is None else "created"
    return "deactivated" if change.step is TableStep.DEACTIVATE else "closed"


def _detail(signature: str) -> str:
    return f"{settings.SOLANA_NETWORK} {signature}"
