"""The arguments of ``python -m dex.localnet``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Final

from solders.hash import Hash
from solders.pubkey import Pubkey

from dex.config import LOCALNET, tokens_of
from dex.localnet.fork.gifts import Gift, read_gift
from dex.localnet.fork.network import DEFAULT_GIFTS, ForkOptions
from dex.localnet.fork.pools import pair_of
from dex.localnet.genesis import build_genesis
from dex.localnet.launches.rivals import rival_keypairs
from dex.localnet.programs import stand_ins
from dex.localnet.roles import ROLES
from dex.localnet.scenario.script import Step, read_scenario
from dex.localnet.server import NetworkOptions, no_genesis
from dex.localnet.traders import trader_keypairs
from dex.types import Token

_MOST_NODES: Final = 16
_LONGEST_PAUSE_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What to run: the network, forked or not, and so many traders and rivals who take it for
    ``traders_network``.

    ``scenario`` are the moves of its pools, by slot.
    """

    options: NetworkOptions
    fork: ForkOptions | None = None
    traders: int = 0
    traders_network: str = "localnet"
    rivals: int = 0
    scenario: Sequence[Step] = ()


def read_command_line(arguments: Sequence[str] | None) -> CommandLine:
    """The command line; prints usage and exits with status 2 when it cannot be read.

    Raises ScenarioRefused.
    """
    tokens = tokens_of(_played(arguments) or LOCALNET)
    parser = _parser(tokens)
    found = parser.parse_args(arguments)
    fork = _fork_options(parser, found)
    role = ROLES.get(found.play)
    network = found.play or LOCALNET
    bots = (*trader_keypairs(found.traders, found.seed), *rival_keypairs(found.rivals, found.seed))
    options = NetworkOptions(
        host=found.host,
        port=found.port,
        ledger=found.ledger,
        seed=found.seed,
        fund=[*found.fund, *(keypair.pubkey() for keypair in bots)],
        # A fork has the real programs, so no stand-ins for them, and no pools made up for these.
        programs={**({} if fork else stand_ins(network)), **dict(found.program)},
        genesis=no_genesis
        if fork
        else lambda fund: build_genesis(found.seed, fund, network, tokens).accounts,
        slot_ms=found.slot_ms,
        allow_faults=found.allow_faults,
        # One that plays a public network has what that has, unless it may misbehave.
        price_network=network if found.play is None or found.allow_faults else None,
        launch_seconds=found.launches,
        nodes=found.nodes,
        genesis_hash=found.genesis_hash or (None if role is None else role.genesis_hash),
        faucet_lamports=found.faucet_limit,
        has_faucet=role is None or role.has_faucet,
    )
    scenario = () if found.scenario is None else read_scenario(found.scenario, tokens)
    return CommandLine(options, fork, found.traders, network, found.rivals, scenario)


def _played(arguments: Sequence[str] | None) -> str | None:
    # Read first: it decides what the symbols in other arguments stand for.
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--play", nargs="?")
    played: str | None = first.parse_known_args(arguments)[0].play
    return played


def _parser(tokens: Sequence[Token]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dex.localnet", description="A Solana network for one machine."
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=8899, help="HTTP; WebSocket is served on the next one")
    add("--ledger", type=Path, metavar="DIR", help="keep the chain here (default: memory)")
    add("--seed", type=int, default=1, help="of the genesis")
    add("--fund", type=_address, action="append", default=[], metavar="PUBKEY")
    add("--traders", type=int, default=0, metavar="N", help="keep the pools moving")
    add("--launches", type=_seconds, default=0, metavar="SECONDS", help="a new token so often")
    add("--rivals", type=int, default=0, metavar="N", help="bots that buy new tokens as their pools open")
    add("--scenario", type=Path, metavar="FILE", help="play a price path; see docs/localnet.md")
    add("--program", type=_program, action="append", default=[], metavar="ADDRESS=FILE.so")
    add("--slot-ms", type=int, default=400)
    add("--nodes", type=_count, default=1, metavar="N", help="RPC nodes, each on the next two ports")
    add("--allow-faults", action="store_true", help="serve the localnet_ fault methods")
    add("--play", choices=ROLES, help="have this network's genesis hash, faucet and addresses")
    add("--genesis-hash", type=_hash, metavar="HASH", help="default: made from the accounts")
    add("--faucet-limit", type=_lamports, metavar="SOL", help="for each address; past it 429, as on devnet")
    add("--fork", metavar="URL", help="go on from the state of the network behind this RPC URL")
    add("--pool", type=_address, action="append", default=[], metavar="ADDRESS", help="to fork")
    add(
        "--pair",
        type=partial(_pair, tokens=tokens),
        action="append",
        default=[],
        metavar="BASE/QUOTE",
        help="fork all its pools",
    )
    add(
        "--give",
        type=partial(_gift, tokens=tokens),
        action="append",
        default=[],
        metavar="TOKEN=AMOUNT",
        help="to --fund; forks only",
    )
    add("--fork-cache", type=Path, metavar="DIR", help="what the parent has answered")
    return parser


def _fork_options(parser: argparse.ArgumentParser, found: argparse.Namespace) -> ForkOptions | None:
    if found.fork is None:
        if found.pool or found.pair or found.give or found.fork_cache:
            parser.error("--pool, --pair, --give and --fork-cache need --fork URL")
        return None
    if not found.fork.startswith(("http://", "https://")):
        parser.error("--fork wants an http:// or https:// URL")
    gifts = tuple(found.give) or DEFAULT_GIFTS
    return ForkOptions(found.fork, found.pool, found.pair, gifts, found.fork_cache)


def _pair(text: str, tokens: Sequence[Token]) -> tuple[Pubkey, Pubkey]:
    try:
        return pair_of(text, tokens)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not BASE/QUOTE, two symbols or mints") from None


def _gift(text: str, tokens: Sequence[Token]) -> Gift:
    try:
        return read_gift(text, tokens)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not TOKEN=AMOUNT, a symbol or mint") from None


def _program(text: str) -> tuple[Pubkey, Path]:
    address, separator, file = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not ADDRESS=FILE.so")
    return _address(address), Path(file)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_NODES:
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 to {_MOST_NODES}")
    return int(text)


def _seconds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _LONGEST_PAUSE_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 to {_LONGEST_PAUSE_SECONDS} seconds")
    return int(text)


def _hash(text: str) -> Hash:
    try:
        return Hash.from_string(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a hash") from None


def _lamports(text: str) -> int:
    try:
        lamports = Decimal(text).scaleb(9)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount of SOL") from None
    if not lamports.is_finite() or lamports < 0 or lamports != int(lamports):
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount of SOL")
    return int(lamports)


def _address(text: str) -> Pubkey:
    try:
        return Pubkey.from_string(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address") from None
