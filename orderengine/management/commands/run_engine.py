"""`manage.py run_engine`: the whole engine on one machine, in one command."""

from __future__ import annotations

import json
import os
import shlex
import sys
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection, connections

from orderengine.supervisor.data_folder import DataFolder, take_data_folder, write_private
from orderengine.supervisor.engine import Engine, StopRequests
from orderengine.supervisor.errors import CannotStartError
from orderengine.supervisor.parts import Parts, lay_out
from orderengine.supervisor.plan import EnginePlan, public_address, read_plan
from orderengine.supervisor.wallet import find_wallet
from orders import checks
from orders.client.real_money import REAL_MONEY

WELCOME = """
{url} is up (Ctrl-C stops it). A first order{first}:

{token}curl -X POST {url}/api/orders/execute {credentials}-H 'Content-Type: application/json' \
-d '{{"tokenIn":"SOL","tokenOut":"USDC","amountIn":"1"}}'
"""
# What another terminal needs to join in. For this user only: a URL may hold a password.
PUBLISHED = ("REDIS_URL", "SOLANA_NETWORK", "SOLANA_RPC_URL", "SOLANA_WS_URL", "WALLET_ADDRESS")


class Command(BaseCommand):
    """Start Valkey, localnet, the workers and the web server, and keep them up until Ctrl-C."""

    help = "Start everything this machine needs to run the engine. Settings: see .env.example."
    requires_system_checks = [checks.TAG]

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM, SIGINT or SIGHUP.

        Raises CommandError (exit status 1) with one line that says why the engine cannot start.
        """
        try:
            if not settings.ALLOWED_HOSTS:
                raise CannotStartError("DEBUG is off: set ALLOWED_HOSTS to the names that clients will use")
            plan = read_plan(os.environ, settings.DATA_DIR)
            folder = take_data_folder(plan.data_dir)
        except CannotStartError as error:
            raise CommandError(str(error)) from error
        try:
            self._run(plan, folder)
        except CannotStartError as error:
            raise CommandError(str(error)) from error
        finally:
            folder.release()

    def _run(self, plan: EnginePlan, folder: DataFolder) -> None:
        try:
            wallet = find_wallet(os.environ, folder.path)
            parts = lay_out(plan, folder, wallet, os.environ)
        except OSError as error:
            raise CannotStartError(f"DATA_DIR {folder.path} takes no files: {error.strerror}") from error
        with StopRequests() as requests:
            engine = Engine(folder, settings.BASE_DIR, requests, self._say)
            try:
                self._say(f"{'wallet':<10} address {wallet.address}")
                self._say_network()
                if self._start(engine, parts, plan):
                    self._publish(plan, folder, parts)
                    self._say(welcome(plan.url))
                    engine.watch()
                    self._say("stopping")
            finally:
                engine.stop()
                (folder.run / "engine.json").unlink(missing_ok=True)

    def _start(self, engine: Engine, parts: Parts, plan: EnginePlan) -> bool:
        for name, url in (("redis", plan.redis_url), ("chain", plan.solana_rpc_url)):
            if url is not None:
                shown = ", ".join(public_address(each.strip()) for each in url.split(","))
                self._say(f"{name:<10} yours   {shown}")
        engine.launch(parts.foundations)
        self._migrate()
        if not engine.await_ready():
            return False
        engine.launch((*parts.workers, parts.web))
        return engine.await_ready()

    def _migrate(self) -> None:
        try:
            call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
            name = f"{connection.vendor} {connection.settings_dict['NAME']}"
        except DatabaseError as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise CannotStartError(f"the database cannot be used: {reason}") from error
        finally:
            # This process only watches from here on: it holds no connection the others could miss.
            connections.close_all()
        self._say(f"{'database':<10} ready   {name}")

    def _publish(self, plan: EnginePlan, folder: DataFolder, parts: Parts) -> None:
        known = {name: parts.shared_environment.get(name, "") for name in PUBLISHED}
        write_private(folder.run / "engine.json", json.dumps({"url": plan.url} | known, indent=2) + "\n")

    def _say_network(self) -> None:
        network = settings.SOLANA_NETWORK
        if network == REAL_MONEY:
            self._say(self.style.ERROR(f"{'network':<10} {network}: REAL MONEY is swapped here"))
        else:
            self._say(f"{'network':<10} {network}")

    def _say(self, line: str) -> None:
        try:
            self.stdout.write(line)
            self.stdout.flush()
        except OSError:
            # The terminal is gone; the engine is not.
            return


def welcome(url: str) -> str:
    """The first order to try; with a token to be made where the user `local` may not act.

    On a network of real money there is none: nobody swaps by pasting a line.
    """
    if settings.SOLANA_NETWORK == REAL_MONEY:
        return f"\n{url} is up (Ctrl-C stops it), on {REAL_MONEY}. How to place orders: {url}/api/docs/\n"
    if settings.LOCAL_USER_ALLOWED:
        return WELCOME.format(url=url, first="", token="", credentials="")
    data_dir, python, manage = (
        shlex.quote(str(path))
        for path in (settings.DATA_DIR, sys.executable, settings.BASE_DIR / "manage.py")
    )
    return WELCOME.format(
        url=url,
        first=", with a token, as HOST is not loopback or DEBUG is off",
        token=f"TOKEN=$(DATA_DIR={data_dir} {python} {manage} create_token me --create)\n",
        credentials='-H "Authorization: Bearer $TOKEN" ',
    )
