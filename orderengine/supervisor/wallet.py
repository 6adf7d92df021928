"""The key that signs: where it comes from. Its bytes are never printed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from orderengine.supervisor.data_folder import write_private
from orderengine.supervisor.errors import CannotStartError


@dataclass(frozen=True, slots=True)
class Wallet:
    """The public address, and the value of WALLET_KEYPAIR that the workers alone are given."""

    address: str
    keypair_setting: str = field(repr=False)


def find_wallet(environment: Mapping[str, str], data_dir: Path) -> Wallet:
    """WALLET_KEYPAIR (a path, a JSON array or base58), else DATA_DIR/wallet.json, made on first use.

    With another SIGNER than ``memory`` there is no key here: WALLET_ADDRESS says whose it is. Only on
    localnet a key is made: elsewhere its owner has to know of it, and to keep a copy.
    Raises CannotStartError when there is no key to be read, or no address.
    """
    if (environment.get("SIGNER") or "memory") != "memory":
        return Wallet(_address(environment.get("WALLET_ADDRESS") or ""), "")
    network = environment.get("SOLANA_NETWORK") or "localnet"
    return _wallet_of_key(environment.get("WALLET_KEYPAIR"), data_dir, network)


def _address(text: str) -> str:
    try:
        return str(Pubkey.from_string(text))
    except ValueError:
        raise CannotStartError("WALLET_ADDRESS is not a Solana address") from None


def _wallet_of_key(setting: str | None, data_dir: Path, network: str) -> Wallet:
    """What ``setting`` names, else the key file of the data folder.

    A secret that stands in the environment is passed on and never written to disk. The file is the
    JSON array of 64 bytes that ``solana-keygen`` writes.
    """
    if setting:
        inline = _from_json(setting) or _from_base58(setting)
        if inline is not None:
            return Wallet(str(inline.pubkey()), setting)
        return _from_file(Path(setting), "WALLET_KEYPAIR")
    path = data_dir / "wallet.json"
    if not path.exists():
        if network != "localnet":
            raise CannotStartError(
                f"{network} needs a wallet that you know: set WALLET_KEYPAIR (solana-keygen new makes one)"
            )
        write_private(path, json.dumps(list(bytes(Keypair()))) + "\n")
    return _from_file(path, "the wallet file")


def _from_file(path: Path, what: str) -> Wallet:
    # Neither the setting nor the file's text may stand in a message: either may hold the key itself.
    try:
        path = path.expanduser()
        text = path.read_text().strip()
    except (OSError, ValueError, RuntimeError):
        # "from None": the error names the file, and a mistyped key looks like one.
        raise CannotStartError(f"{what} is neither a keypair nor a readable file") from None
    keypair = _from_json(text) or _from_base58(text)
    if keypair is None:
        raise CannotStartError(f"{what} names a file that holds no Solana keypair (JSON array of 64 bytes)")
    return Wallet(str(keypair.pubkey()), str(path.resolve()))


def _from_json(text: str) -> Keypair | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        return Keypair.from_json(text)
    except ValueError:
        return None


def _from_base58(text: str) -> Keypair | None:
    try:
        return Keypair.from_base58_string(text.strip())
    except ValueError:
        return None
