"""The wallet of this engine: its address, which every process knows, and its signer, which workers have."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, TypeVar

from django.conf import settings
from solders.pubkey import Pubkey

from dex.errors import KeyUnavailable, SignerUnreachable, WrongSigner
from dex.signing.signer import Signer, WalletSigner
from orders.platform.loop_thread import LoopThread

Result = TypeVar("Result")

# A batch ends by its own deadline; this one is for a loop that stands still.
_CALL_SECONDS: Final = 12

_making = threading.Lock()


def wallet_address() -> Pubkey:
    """The wallet whose tokens are swapped; raises KeyUnavailable when neither address nor key is set."""
    if settings.WALLET_ADDRESS:
        return _pubkey(settings.WALLET_ADDRESS)
    return signer().pubkey


def signer() -> Signer:
    """The wallet's signer.

    Raises KeyUnavailable where this process has none, WrongSigner when its key is another wallet's.
    """
    # The caches alone would let two threads make two signers, with two loops, at first use.
    with _making:
        make = _BACKENDS.get(settings.SIGNER)
        if make is None:
            raise KeyUnavailable(f"SIGNER is none of {', '.join(_BACKENDS)}")
        return make()


def unfit_to_sign() -> str | None:
    """Why this process must take no orders: it has no key, or not the wallet's. None when it may.

    A service that does not answer is no such reason: orders can wait for it, and those that are signed
    have to be settled meanwhile.
    """
    try:
        signer().prove()
    except SignerUnreachable:
        return None
    except KeyUnavailable as error:
        return str(error)
    return None


def _memory() -> Signer:
    if not settings.WALLET_KEYPAIR:
        raise KeyUnavailable("this process has no wallet key: WALLET_KEYPAIR is not set")
    held = _held(settings.WALLET_KEYPAIR)
    if settings.WALLET_ADDRESS and held.pubkey != _pubkey(settings.WALLET_ADDRESS):
        raise WrongSigner(f"the key is that of {held.pubkey}, WALLET_ADDRESS is {settings.WALLET_ADDRESS}")
    return held


def _vault() -> Signer:
    return _vault_signer(
        settings.WALLET_ADDRESS,
        settings.VAULT_ADDR,
        settings.VAULT_KEY,
        settings.VAULT_TOKEN,
        settings.VAULT_TOKEN_FILE,
        settings.VAULT_NAMESPACE,
        settings.VAULT_CACERT,
        os.getpid(),
    )


def _aws_kms() -> Signer:
    return _aws_kms_signer(settings.WALLET_ADDRESS, settings.AWS_KMS_KEY_ID, settings.AWS_REGION, os.getpid())


_BACKENDS: Final[Mapping[str, Callable[[], Signer]]] = {
    "memory": _memory,
    "vault": _vault,
    "aws-kms": _aws_kms,
}


@functools.lru_cache(maxsize=2)
def _held(source: str) -> Signer:
    return WalletSigner.read(source)


# The libraries of remote signers take 100 ms and 15 MB to import: only a worker that needs one does.
@functools.lru_cache(maxsize=2)
def _vault_signer(
    wallet: str,
    address: str,
    key_name: str,
    token: str,
    token_file: str,
    namespace: str,
    ca_file: str,
    _pid: int,
) -> Signer:
    from dex.signing.remote_signer import RemoteSigner
    from dex.signing.vault_key import VaultKey

    pubkey = _pubkey(wallet)
    key = VaultKey(
        pubkey=pubkey,
        address=address,
        key_name=key_name,
        token=token,
        token_file=token_file,
        namespace=namespace,
        ca_file=ca_file,
    )
    return RemoteSigner(pubkey, key, _runner())


@functools.lru_cache(maxsize=2)
def _aws_kms_signer(wallet: str, key_id: str, region: str, _pid: int) -> Signer:
    from dex.signing.aws_kms_key import AwsKmsKey
    from dex.signing.remote_signer import RemoteSigner

    pubkey = _pubkey(wallet)
    key = AwsKmsKey(pubkey=pubkey, key_id=key_id, region=region)
    return RemoteSigner(pubkey, key, _runner())


def _runner() -> Callable[[Coroutine[Any, Any, Result]], Result]:
    loop = LoopThread("signer")

    def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
        try:
            return loop.run(coroutine, _CALL_SECONDS)
        except TimeoutError:
            raise SignerUnreachable(f"no signature within {_CALL_SECONDS} s") from None

    return run


@functools.lru_cache(maxsize=4)
def _pubkey(address: str) -> Pubkey:
    try:
        return Pubkey.from_string(address)
    except ValueError:
        raise KeyUnavailable("WALLET_ADDRESS is not a Solana address") from None
