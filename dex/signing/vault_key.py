"""An ed25519 key in the transit engine of HashiCorp Vault or OpenBao."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

import httpx
from solana_keychain import SignerError, SolanaSigner, VaultSigner, VaultSignerConfig
from solders.pubkey import Pubkey

from dex.errors import KeyUnavailable
from dex.signing.private_file import read_private_file

_CONNECT_SECONDS: Final = 3
_ANSWER_SECONDS: Final = 6
_NO_ADDRESS: Final = "Vault: its address is not an HTTPS URL"


class VaultKey:
    """The key ``key_name`` under ``transit/`` at ``address``, which must be an HTTPS URL.

    The token is ``token``, or what stands in ``token_file``, which is read again for every batch, so that an
    agent may renew it there. Belongs to the event loop that first used it. repr shows no token.
    """

    name: Final = "Vault"

    def __init__(
        self,
        *,
        pubkey: Pubkey,
        address: str,
        key_name: str,
        token: str = "",
        token_file: str = "",
        namespace: str = "",
        ca_file: str = "",
    ) -> None:
        """Raises KeyUnavailable when the settings cannot be right; its text quotes none of them."""
        # The library's own rule lets plain HTTP pass under pytest.
        if not address.startswith("https://"):
            raise KeyUnavailable(_NO_ADDRESS)
        if not key_name:
            raise KeyUnavailable("Vault: no key is named")
        if not (token or token_file):
            raise KeyUnavailable("Vault: there is neither a token nor a token file")
        self._pubkey = str(pubkey)
        self._address = address
        self._key_name = key_name
        self._token = token
        self._token_file = token_file
        self._http = _client(namespace, ca_file)
        self._signer(token or "unread")

    async def open(self) -> SolanaSigner:
        """The signer with the token of this moment; raises KeyUnavailable when the file has none."""
        if not self._token_file:
            return self._signer(self._token)
        return self._signer(read_private_file(Path(self._token_file), "Vault's token file"))

    def _signer(self, token: str) -> SolanaSigner:
        # The HTTP library's error for such a header would quote it.
        if not (token and token.isascii() and token.isprintable()):
            raise KeyUnavailable("Vault: the token is empty or has characters that no token has")
        config = VaultSignerConfig(
            api_base_url=self._address,
            token=token,
            key_name=self._key_name,
            public_key=self._pubkey,
            http_client=self._http,
        )
        try:
            return VaultSigner(config)
        except SignerError:
            raise KeyUnavailable(_NO_ADDRESS) from None


def _client(namespace: str, ca_file: str) -> httpx.AsyncClient:
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise KeyUnavailable(f"Vault: the CA file cannot be used: {type(error).__name__}") from None
    return httpx.AsyncClient(
        verify=context,
        headers={"X-Vault-Namespace": namespace} if namespace else {},
        timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
    )
