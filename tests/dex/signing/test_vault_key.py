"""A key in Vault: what is signed, what is refused, and that the token stays where it belongs."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature

from dex.errors import KeyUnavailable, SignerUnreachable, WrongSigner
from dex.signing.remote_signer import RemoteSigner
from dex.signing.vault_key import VaultKey
from orders.platform.loop_thread import LoopThread
from tests.transit_server import KEY_NAME, TOKEN, TransitServer, running_transit

KEYPAIR = Keypair.from_seed(b"v" * 32)
MESSAGES = [b"message %d" % number for number in range(40)]


@pytest.fixture
def transit(tmp_path: Path) -> Iterator[TransitServer]:
    with running_transit(KEYPAIR, tmp_path) as server:
        yield server


def signer_of(transit: TransitServer, *, seconds: float = 8, **changes: Any) -> RemoteSigner:
    settings = {"address": transit.url, "key_name": KEY_NAME, "token": TOKEN, "ca_file": str(transit.ca_file)}
    pubkey = KEYPAIR.pubkey()
    loop = LoopThread("signer")
    key = VaultKey(pubkey=pubkey, **(settings | changes))
    return RemoteSigner(pubkey, key, lambda coroutine: loop.run(coroutine, 20), seconds=seconds)


def answer_of(signer: RemoteSigner) -> Signature | KeyUnavailable:
    [answer] = signer.sign_messages([b"message"])
    return answer


def test_each_message_gets_its_own_signature_over_few_connections(transit: TransitServer) -> None:
    signer = signer_of(transit)
    for _ in range(2):
        answers = signer.sign_messages(MESSAGES)
        assert answers == [KEYPAIR.sign_message(message) for message in MESSAGES]
    assert sorted(transit.signed) == sorted(MESSAGES * 2)
    assert transit.connections <= 16
    assert signer.sign_messages([]) == []


def test_a_namespace_is_named(transit: TransitServer) -> None:
    answer_of(signer_of(transit, namespace="trading/desk"))
    answer_of(signer_of(transit))
    assert transit.namespaces == ["trading/desk", None]


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
def test_a_vault_that_declines_is_named_with_its_status(transit: TransitServer, status: int) -> None:
    transit.status = status
    signer = signer_of(transit)
    answer = answer_of(signer)
    assert type(answer) is SignerUnreachable
    assert str(answer) == f"Vault did not sign: SIGNER_REMOTE_API_ERROR, HTTP {status}"
    with pytest.raises(SignerUnreachable):
        signer.prove()


def test_a_wrong_token_is_not_quoted_though_vault_quotes_it(
    transit: TransitServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        signer = signer_of(transit, token="hvs.not-the-right-one")
        answer = answer_of(signer)
    assert str(answer) == "Vault did not sign: SIGNER_REMOTE_API_ERROR, HTTP 403"
    for text in (str(answer), repr(answer), repr(signer), caplog.text):
        assert "hvs." not in text
    assert transit.signed == []


def test_a_vault_that_hangs_costs_a_batch_one_deadline(transit: TransitServer) -> None:
    transit.hanging = True
    started = time.monotonic()
    answers = signer_of(transit, seconds=0.5).sign_messages(MESSAGES)
    # One deadline for each message in turn would be 20 s.
    assert time.monotonic() - started < 10
    assert {str(answer) for answer in answers} == {"Vault did not sign within 0.5 s"}
    assert len(answers) == len(MESSAGES)


def test_a_vault_that_is_away_or_unknown_signs_nothing(transit: TransitServer) -> None:
    away = signer_of(transit, address="https://127.0.0.1:9")
    stranger = signer_of(transit, ca_file="")
    for signer in (away, stranger):
        assert str(answer_of(signer)) == "Vault did not sign: SIGNER_HTTP_ERROR"
    assert transit.signed == []


def test_it_signs_again_as_soon_as_it_is_back(transit: TransitServer) -> None:
    signer = signer_of(transit)
    transit.status = 503
    assert isinstance(answer_of(signer), SignerUnreachable)
    transit.status = 200
    assert answer_of(signer) == KEYPAIR.sign_message(b"message")


def test_a_signature_of_another_key_is_never_handed_on(transit: TransitServer) -> None:
    transit.keypair = Keypair()
    signer = signer_of(transit)
    answer = answer_of(signer)
    assert type(answer) is WrongSigner
    assert str(answer) == f"Vault does not sign for the wallet {KEYPAIR.pubkey()}"
    with pytest.raises(WrongSigner):
        signer.prove()


def test_proving_asks_for_a_signature_of_no_transaction(transit: TransitServer) -> None:
    signer_of(transit).prove()
    assert transit.signed == [b"order-execution-engine: whose key is this?"]


def test_a_token_file_is_read_for_every_batch(transit: TransitServer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.touch(mode=0o600)
    file.write_text(TOKEN + "\n")
    signer = signer_of(transit, token="", token_file=str(file))
    assert isinstance(answer_of(signer), Signature)
    transit.token = TOKEN + "-renewed"
    assert isinstance(answer_of(signer), SignerUnreachable)
    file.write_text(TOKEN + "-renewed")
    assert isinstance(answer_of(signer), Signature)


def test_a_token_file_that_others_may_read_is_refused(transit: TransitServer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(0o644)
    signer = signer_of(transit, token="", token_file=str(file))
    assert str(answer_of(signer)) == "Vault's token file is open to others: chmod 600 it"
    assert transit.signed == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"address": "http://vault.example.com"}, "Vault: its address is not an HTTPS URL"),
        ({"address": "http://127.0.0.1:8200"}, "Vault: its address is not an HTTPS URL"),
        ({"address": "https://"}, "Vault: its address is not an HTTPS URL"),
        ({"address": "vault.example.com"}, "Vault: its address is not an HTTPS URL"),
        ({"key_name": ""}, "Vault: no key is named"),
        ({"token": ""}, "Vault: there is neither a token nor a token file"),
        ({"token": "hvs.né"}, "Vault: the token is empty or has characters that no token has"),
        ({"token": "hvs.a\nb"}, "Vault: the token is empty or has characters that no token has"),
        ({"ca_file": "/nowhere/ca.pem"}, "Vault: the CA file cannot be used: FileNotFoundError"),
    ],
)
def test_settings_that_cannot_be_right_are_refused_without_being_quoted(
    transit: TransitServer, changes: dict[str, str], text: str
) -> None:
    with pytest.raises(KeyUnavailable) as caught:
        signer_of(transit, **changes)
    assert str(caught.value) == text


def test_neither_signer_nor_key_shows_the_token(transit: TransitServer) -> None:
    signer = signer_of(transit)
    assert repr(signer) == str(signer) == f"RemoteSigner(Vault, {KEYPAIR.pubkey()})"
    assert TOKEN not in repr(
        VaultKey(pubkey=Pubkey.default(), address=transit.url, key_name="k", token=TOKEN)
    )
