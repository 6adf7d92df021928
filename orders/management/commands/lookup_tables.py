"""`manage.py lookup_tables list|create|extend|close`: address lookup tables of the engine's own wallet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser
from solders.pubkey import Pubkey

from dex.errors import DexError
from orders import gateway
from orders.amounts import from_base_units
from orders.client.real_money import require_yes
from orders.errors import OrderError
from orders.gateway import MOST_ADDRESSES, LookupTable, TableChange, TableChangeFailed, TableStep
from orders.pipeline import own_tables
from orders.records import audit

_SOL_DECIMALS: Final = 9


class Command(BaseCommand):
    """Each change is a transaction that the wallet signs, under a policy that allows nothing else."""

    help = "Make, fill, close or list lookup tables, with which routes of several pools fit."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        what.add_parser("list", help="the tables of LOOKUP_TABLES, and those that were made here")
        create = what.add_parser("create", help="a new table with the accounts of the pools in use")
        extend = what.add_parser("extend", help="add accounts that the table does not have yet")
        close = what.add_parser("close", help="end a table and get its rent back; takes two calls")
        for each in (extend, close):
            each.add_argument("table", metavar="TABLE", type=_address, help="its address")
        for each in (create, extend):
            each.add_argument(
                "--pair", nargs=2, action="append", default=[], metavar=("A", "B"), help="only these pairs"
            )
        for each in (create, extend, close):
            each.add_argument("--yes", action="store_true", help="spend real money without a question")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for what is refused, fails on chain, or is not decided in time."""
        _use_the_engines_key()
        try:
            getattr(self, f"_{options['what']}")(options)
        except OrderError as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        except DexError as error:
            raise CommandError(f"{error.code}: {error}") from error
        except TableChangeFailed as error:
            raise CommandError(str(error)) from error

    def _list(self, options: Any) -> None:
        tables, slot = gateway.read_tables(own_tables.known_tables())
        for address, table in tables.items():
            used = "  in LOOKUP_TABLES" if str(address) in settings.LOOKUP_TABLES else ""
            about = _described(table, slot) if isinstance(table, LookupTable) else f"{table.code}: {table}"
            self.stdout.write(f"{address}  {about}{used}")
        if not tables:
            self.stdout.write("no table; `manage.py lookup_tables create` makes one")

    def _create(self, options: Any) -> None:
        tables, _ = gateway.read_tables(list(map(Pubkey.from_string, settings.LOOKUP_TABLES)))
        in_use = [table for table in tables.values() if isinstance(table, LookupTable)]
        known = frozenset(address for table in in_use for address in table.addresses)
        addresses = gateway.addresses_in_use(_pairs(options), MOST_ADDRESSES, known)
        if not addresses:
            raise CommandError("the tables of LOOKUP_TABLES have the accounts of all pools already")
        changes = gateway.plan_new_table(addresses)
        table = changes[0].table
        self._carry_out(changes, f"make the lookup table {table} with {len(addresses)} addresses", options)
        names = ",".join([*settings.LOOKUP_TABLES, str(table)])
        self.stdout.write(f"To use it, set LOOKUP_TABLES={names} for every process and start them again.")

    def _extend(self, options: Any) -> None:
        table = _own(options["table"])
        if table.deactivated_at is not None:
            raise CommandError(f"{table.address} is being closed")
        room = MOST_ADDRESSES - len(table.addresses)
        addresses = gateway.addresses_in_use(_pairs(options), room, frozenset(table.addresses))
        changes = gateway.plan_extension(table, addresses)
        if not changes:
            raise CommandError(
                f"{table.address} has room for {room} more, and no account is missing that fits"
            )
        self._carry_out(changes, f"add {len(addresses)} addresses to {table.address}", options)

    def _close(self, options: Any) -> None:
        if str(options["table"]) in settings.LOOKUP_TABLES:
            raise CommandError("take it out of LOOKUP_TABLES and restart the workers first")
        table = _own(options["table"])
        _, slot = gateway.read_tables([table.address])
        if table.deactivated_at is None:
            self._carry_out([TableChange(table.address, TableStep.DEACTIVATE)], "end the table", options)
            self.stdout.write(
                "Call this again in some 4 minutes: it can be closed once 513 slots have passed."
            )
        elif left := table.slots_until_closable(slot):
            raise CommandError(f"it was ended a short while ago: call this again in {left} slots")
        else:
            self._carry_out([TableChange(table.address, TableStep.CLOSE)], "close the table", options)

    def _carry_out(self, changes: Sequence[TableChange], what: str, options: Any) -> None:
        own_tables.require_allowed(changes)
        added = sum(len(change.addresses) for change in changes)
        rent = from_base_units(gateway.rent_of(changes), _SOL_DECIMALS)
        cost = f" for {rent} SOL of rent, which comes back when it is closed" if added else ""
        require_yes(settings.SOLANA_NETWORK, f"{what}{cost}", yes=options["yes"])
        self.stdout.write(f"{what}{cost}: {len(changes)} transactions")
        own_tables.carry_out(changes, audit.on_the_command_line(), self._done)

    def _done(self, change: TableChange, signature: str) -> None:
        added = f" {len(change.addresses)} addresses" if change.addresses else ""
        self.stdout.write(f"  {change.step.name.lower()}{added}: {signature}")


def _described(table: LookupTable, slot: int) -> str:
    left = table.slots_until_closable(slot)
    ended = f"ended, can be closed in {left} slots" if left else "ended, can be closed"
    state = "in use" if table.deactivated_at is None else ended
    return f"{len(table.addresses)} of {MOST_ADDRESSES} addresses, {state}"


def _own(address: Pubkey) -> LookupTable:
    """A table of this engine's wallet; raises CommandError, ChainError."""
    tables, _ = gateway.read_tables([address])
    table = tables[address]
    if isinstance(table, DexError):
        raise CommandError(f"{table.code}: {table}")
    if table.authority != gateway.wallet_address():
        raise CommandError(f"{address} belongs to {table.authority or 'nobody'}, not to this engine's wallet")
    return table


def _pairs(options: Any) -> list[tuple[Pubkey, Pubkey]]:
    if not options["pair"]:
        return gateway.wanted_pairs()
    return [
        (gateway.named_token(one).mint, gateway.named_token(other).mint) for one, other in options["pair"]
    ]


def _address(text: str) -> Pubkey:
    try:
        return Pubkey.from_string(text)
    except ValueError:
        raise CommandError(f"{text} is no address") from None


def _use_the_engines_key() -> None:
    """The embedded engine keeps its key here, and hands it to its workers alone."""
    key_file = settings.DATA_DIR / "wallet.json"
    if settings.SIGNER == "memory" and not settings.WALLET_KEYPAIR and key_file.exists():
        settings.WALLET_KEYPAIR = str(key_file)
