"""Where a wallet key may come from, and that it does not leave."""

import json
import pickle

import pytest
from solders.keypair import Keypair

from dex.errors import KeyUnavailable
from dex.signing.signer import WalletSigner

KEYPAIR = Keypair.from_seed(b"k" * 32)
JSON_KEY = json.dumps(list(bytes(KEYPAIR)))


def key_file(tmp_path, mode=0o600, content=JSON_KEY):
    path = tmp_path / "wallet.json"
    path.write_text(content)
    path.chmod(mode)
    return path


def test_a_key_is_read_from_json_base58_and_a_private_file(tmp_path):
    for source in (JSON_KEY, str(KEYPAIR), f"  {KEYPAIR}\n", str(key_file(tmp_path))):
        assert WalletSigner.read(source).pubkey == KEYPAIR.pubkey()


def test_it_signs():
    [signature] = WalletSigner(KEYPAIR).sign_messages([b"message"])
    assert signature.verify(KEYPAIR.pubkey(), b"message")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_may_read_is_refused(tmp_path, mode):
    with pytest.raises(KeyUnavailable, match="chmod 600"):
        WalletSigner.from_file(key_file(tmp_path, mode))


def test_a_link_is_refused(tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to(key_file(tmp_path))
    with pytest.raises(KeyUnavailable):
        WalletSigner.read(str(link))


def test_a_missing_file_and_a_directory_are_refused(tmp_path):
    with pytest.raises(KeyUnavailable):
        WalletSigner.read(str(tmp_path / "none.json"))
    with pytest.raises(KeyUnavailable, match="regular"):
        WalletSigner.from_file(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        str(KEYPAIR)[:-4],
        JSON_KEY[:-1],
        json.dumps(list(bytes(KEYPAIR))[:63]),
        json.dumps([300] * 64),
        json.dumps([True] * 64),
        json.dumps([0] * 64),
        "[" * 100,
    ],
)
def test_what_is_no_key_is_refused_without_being_quoted(text):
    with pytest.raises(KeyUnavailable) as caught:
        WalletSigner.read(text)
    assert not text or text not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_of_something_else_is_refused(tmp_path):
    with pytest.raises(KeyUnavailable):
        WalletSigner.from_file(key_file(tmp_path, content="é"))
    with pytest.raises(KeyUnavailable):
        WalletSigner.from_file(key_file(tmp_path, content="1" * 5000))


def test_the_secret_is_in_no_representation():
    signer = WalletSigner(KEYPAIR)
    assert repr(signer) == str(signer) == f"WalletSigner({KEYPAIR.pubkey()})"
    with pytest.raises(TypeError):
        pickle.dumps(signer)
    assert not hasattr(signer, "__dict__")
