"""An ECC_NIST_EDWARDS25519 key in AWS KMS.

Credentials come by AWS's own chain: environment, profile, the role of the container or machine.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from solana_keychain import SolanaSigner
from solders.pubkey import Pubkey

from dex.errors import KeyUnavailable

if TYPE_CHECKING:
    from solana_keychain.aws_kms import AwsKmsSigner

# The service must have answered before the batch is given up: a thread that waits cannot be stopped.
_CONNECT_SECONDS: Final = 2
_ANSWER_SECONDS: Final = 3
_TRIES: Final = 1


class AwsKmsKey:
    """The key ``key_id``: an id, an ARN or an alias."""

    name: Final = "AWS KMS"

    def __init__(self, *, pubkey: Pubkey, key_id: str, region: str = "") -> None:
        """Raises KeyUnavailable when no key is named or boto3 is not installed."""
        if not key_id:
            raise KeyUnavailable("AWS KMS: no key is named")
        _require_boto3()
        self._pubkey = str(pubkey)
        self._key_id = key_id
        self._region = region
        self._opening = asyncio.Lock()
        self._opened: AwsKmsSigner | None = None

    async def open(self) -> SolanaSigner:
        """The signer, made at first use; raises KeyUnavailable without region or with a bad endpoint."""
        async with self._opening:
            if self._opened is None:
                # Reads configuration files, and may ask the machine's metadata service.
                self._opened = await asyncio.to_thread(self._signer)
            return self._opened

    def _signer(self) -> AwsKmsSigner:
        from botocore.exceptions import BotoCoreError
        from solana_keychain.aws_kms import AwsKmsSigner, AwsKmsSignerConfig

        try:
            client = _client(self._region)
        except (BotoCoreError, ValueError) as error:
            raise KeyUnavailable(f"AWS KMS: no client for it: {type(error).__name__}") from None
        return AwsKmsSigner(AwsKmsSignerConfig(self._key_id, self._pubkey, client=client))


def _require_boto3() -> None:
    try:
        import boto3  # noqa: F401
    except ImportError:
        text = "AWS KMS needs boto3: pip install -r requirements-aws-kms.txt"
        raise KeyUnavailable(text) from None


def _client(region: str) -> Any:
    import boto3.session
    from botocore.config import Config

    # They log requests with their credentials at DEBUG.
    for name in ("boto3", "botocore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_ANSWER_SECONDS,
        retries={"total_max_attempts": _TRIES},
    )
    return boto3.session.Session().client("kms", region_name=region or None, config=config)
