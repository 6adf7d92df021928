"""`manage.py bench_launches`: how soon after the opening new pools are bought from; what traps cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser

from orders.client.command import REFUSED, EngineCommand
from orders.client.engine_address import find_engine
from orders.client.remote import RemoteEngine
from orders.proving.benchmark.machine import machine_line
from orders.proving.launches import landing, traps
from orders.proving.launches.busy import busy
from orders.proving.launches.node import LaunchesNowhere, LocalnetLaunches
from orders.proving.launches.rivals import rivals
from orders.proving.launches.snipes import Plan, Snipe, SnipeRun

_LOCALNET: Final = "localnet"
_VENUES: Final = (
    "raydium-cpmm",
    "meteora-damm-v2",
    "raydium-amm-v4",
    "raydium-clmm",
    "meteora-dlmm",
    "orca-whirlpool",
)
_OPENS_IN_SLOTS: Final = 30
_AMOUNT: Final = "0.05"
_SLIPPAGE_BPS: Final = 5_000
# Of positions on CLMM, DLMM and Whirlpool nobody can tell whether they stay, so it is not asked here.
_REQUIRE: Final = ("mintAuthorityRevoked", "freezeAuthorityRevoked", "sellable")
_PATIENCE_SECONDS: Final = 30


class Command(EngineCommand):
    """Exit status: 0 when the promise holds, 1 when not, 2 where there is no engine on localnet.

    Promised are 95 % in the opening slot or the next; with --traps that nothing is lost.
    """

    help = (
        "Launch tokens on the running engine's localnet, place a sniper order for each, and print in how "
        "many slots after the opening each landed; with --traps what was lost to launches that are traps."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--launches", type=int, default=200, metavar="N", help="default 200")
        parser.add_argument(
            "--rivals", type=int, default=10, metavar="N", help="bots that compete; default 10"
        )
        parser.add_argument(
            "--every", type=float, default=1.5, metavar="SECONDS", help="a launch; default 1.5"
        )
        parser.add_argument(
            "--busy",
            type=int,
            default=0,
            metavar="N",
            help="for a second half of the launches, N DCA rounds are due at once every ten seconds",
        )
        parser.add_argument("--traps", action="store_true", help="every tenth a trap; default rules")
        super().add_arguments(parser)

    def work(self, engine: RemoteEngine, options: Mapping[str, Any]) -> int:
        """Raises CommandError where the engine is not on a localnet that launches tokens."""
        address = find_engine()
        if engine.network() != _LOCALNET or address.network != _LOCALNET:
            raise CommandError("tokens are launched on localnet only", returncode=REFUSED)
        self.line(machine_line())
        launches = LocalnetLaunches(address.rpc_urls[0])
        wishes = [_wish(number, with_traps=options["traps"]) for number in range(options["launches"])]
        rules = {} if options["traps"] else {"launch": {"require": list(_REQUIRE)}}
        more = {"slippageBps": _SLIPPAGE_BPS, **rules}
        plan = Plan(wishes, _AMOUNT, more, options["every"], _PATIENCE_SECONDS)
        run = SnipeRun(engine, launches, self.line)
        self.line(f"{options['rivals']} rivals, a launch every {options['every']} s")
        try:
            with rivals(address.rpc_urls[0], options["rivals"]):
                if options["busy"]:
                    return self._judged_when_busy(run, engine, plan, options["busy"])
                snipes = run.run(plan)
        except LaunchesNowhere as error:
            raise CommandError(f"this localnet launches nothing: {error}", returncode=REFUSED) from error
        return self._judged_by_traps(snipes, engine) if options["traps"] else self._judged_by_landing(snipes)

    def _judged_when_busy(self, run: SnipeRun, engine: RemoteEngine, plan: Plan, count: int) -> int:
        """One half of the launches with an idle queue, the other with a full one."""
        half = len(plan.wishes) // 2
        idle = run.run(replace(plan, wishes=plan.wishes[:half]))
        self.line("idle otherwise:")
        self._judged_by_landing(idle)
        seconds = half * plan.every + plan.patience
        with busy(engine, count, seconds):
            loaded = run.run(replace(plan, wishes=plan.wishes[half:]))
        self.line(f"with {count} DCA rounds due at once every ten seconds:")
        return self._judged_by_landing(loaded)

    def _judged_by_landing(self, snipes: list[Snipe]) -> int:
        for line in landing.lines(snipes):
            self.line(line)
        return int(landing.landing_of(snipes).in_time_percent < landing.PROMISED_PERCENT)

    def _judged_by_traps(self, snipes: list[Snipe], engine: RemoteEngine) -> int:
        lost = traps.losses(snipes, engine)
        for line in traps.lines(snipes, lost):
            self.line(line)
        return int(any(each.lost for each in lost))


def _wish(number: int, *, with_traps: bool) -> dict[str, Any]:
    """Against SOL, at a flat fee: what waits for a fee to fall does not buy at the opening."""
    wish = {"quote": "SOL", "opensInSlots": _OPENS_IN_SLOTS, "fee": "flat"}
    nth, position = divmod(number, traps.LAUNCHES_PER_TRAP)
    if with_traps and position == traps.LAUNCHES_PER_TRAP - 1:
        kind, venue = traps.TRAPS[nth % len(traps.TRAPS)], traps.TRAP_VENUES[nth % len(traps.TRAP_VENUES)]
        return {**wish, "venue": venue, "trap": kind}
    return {**wish, "venue": _VENUES[number % len(_VENUES)]}
