"""`manage.py pools add ADDRESS…`, `pools add --transaction SIGNATURE`, `pools list`: known pools by hand."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser
from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.types import PoolAddress
from orders import gateway
from orders.amounts import from_base_units
from orders.errors import OrderError
from orders.gateway import Refused
from orders.models import KnownPool
from orders.records import audit, pools


class Command(BaseCommand):
    """For nodes that list no program's accounts: what is added is used by every process within a minute."""

    help = "Add pools by address, or those that a transaction used; list the known ones."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        what.add_parser("list", help="the known pools of the network")
        add = what.add_parser("add", help="read pools from the chain and keep them")
        add.add_argument("addresses", nargs="*", metavar="ADDRESS", help="of pools, of any venue")
        add.add_argument("--transaction", metavar="SIGNATURE", help="the pools that it used")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for what is no pool, no transaction, or without an answer of the node."""
        if options["what"] == "list":
            for row in KnownPool.objects.filter(network=settings.SOLANA_NETWORK):
                self.stdout.write(f"{row.address}  {row.venue}  {_pair(row)}  {pools.state(row)}")
            return
        if bool(options["addresses"]) is bool(options["transaction"]):
            raise CommandError("name addresses of pools, or a transaction with --transaction")
        try:
            self._add(options)
        except OrderError as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        except DexError as error:
            raise CommandError(f"{error.code}: {error}") from error

    def _add(self, options: Any) -> None:
        refused: list[Refused] = []
        if options["transaction"]:
            found = gateway.pools_of_transaction(options["transaction"])
        else:
            looked_up = gateway.look_up_pools(
                [_address(text) for text in dict.fromkeys(options["addresses"])]
            )
            found = [pool for pool in looked_up if isinstance(pool, PoolAddress)]
            refused = [pool for pool in looked_up if isinstance(pool, Refused)]
        for row in pools.add(found, audit.on_the_command_line()):
            self.stdout.write(f"added {row.address}  {row.venue}  {_pair(row)}  {pools.state(row)}")
        if refused:
            raise CommandError("\n".join(f"not added {one.address}: {one.why}" for one in refused))


def _pair(row: KnownPool) -> str:
    return " / ".join(_holding(row, mint) for mint in (row.mint_a, row.mint_b))


def _holding(row: KnownPool, mint: str) -> str:
    token = gateway.token_by_mint(mint)
    held = (row.reserves or {}).get(mint)
    name = token.symbol if token else mint
    return name if held is None or token is None else f"{from_base_units(int(held), token.decimals)} {name}"


def _address(text: str) -> Pubkey:
    try:
        return Pubkey.from_string(text)
    except ValueError:
        raise CommandError(f"{text} is no address") from None
