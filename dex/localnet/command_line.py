"""The arguments of ``python -m dex.localnet``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from solders.hash import Hash
from solders.pubkey import Pubkey

from dex.localnet.genesis import build_genesis
from dex.localnet.programs import RAYDIUM_CPMM, stand_ins
from dex.localnet.roles import ROLES
from dex.localnet.server import NetworkOptions
from dex.localnet.traders import trader_keypairs


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What to run: the network, and so many traders who take it for ``traders_network``."""

    options: NetworkOptions
    traders: int = 0
    traders_network: str = "localnet"


def read_command_line(arguments: Sequence[str] | None) -> CommandLine:
    """The command line; prints usage and exits with status 2 when it cannot be read."""
    found = _parser().parse_args(arguments)
    role = ROLES.get(found.play)
    cpmm_program = RAYDIUM_CPMM if role is None else role.raydium_cpmm
    traders = [keypair.pubkey() for keypair in trader_keypairs(found.traders, found.seed)]
    options = NetworkOptions(
        host=found.host,
        port=found.port,
        ledger=found.ledger,
        seed=found.seed,
        fund=[*found.fund, *traders],
        programs={**stand_ins(cpmm_program), **dict(found.program)},
        genesis=lambda fund: build_genesis(found.seed, fund, cpmm_program).accounts,
        slot_ms=found.slot_ms,
        allow_faults=found.allow_faults,
        genesis_hash=found.genesis_hash or (None if role is None else role.genesis_hash),
        faucet_lamports=found.faucet_limit,
        has_faucet=role is None or role.has_faucet,
    )
    return CommandLine(options, found.traders, found.play or "localnet")


def _parser() -> argparse.ArgumentParser:
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
    add("--program", type=_program, action="append", default=[], metavar="ADDRESS=FILE.so")
    add("--slot-ms", type=int, default=400)
    add("--allow-faults", action="store_true", help="serve the localnet_ fault methods")
    add("--play", choices=ROLES, help="have this network's genesis hash, faucet and addresses")
    add("--genesis-hash", type=_hash, metavar="HASH", help="default: made from the accounts")
    add("--faucet-limit", type=_lamports, metavar="SOL", help="for each address; past it 429, as on devnet")
    return parser


def _program(text: str) -> tuple[Pubkey, Path]:
    address, separator, file = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not ADDRESS=FILE.so")
    return _address(address), Path(file)


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
