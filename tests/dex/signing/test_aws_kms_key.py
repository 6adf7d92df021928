"""A key in AWS KMS, against a local endpoint that answers Sign as KMS does. Needs requirements-aws-kms.txt.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
"""

from __future__ import annotations

import base64
import importlib.util
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from solders.keypair import Keypair
from solders.signature import Signature

from dex.errors import KeyUnavailable, SignerUnreachable, WrongSigner
from dex.signing.aws_kms_key import AwsKmsKey
from dex.signing.remote_signer import RemoteSigner
from orders.platform.loop_thread import LoopThread

KEYPAIR = Keypair.from_seed(b"a" * 32)
SECRETS = ("AKIDEXAMPLEEXAMPLE", "a-secret-access-key-0123456789", "a-session-token-0123456789")

has_boto3 = importlib.util.find_spec("boto3") is not None
needs_boto3 = pytest.mark.skipif(not has_boto3, reason="boto3 is not installed: requirements-aws-kms.txt")


class KmsServer(ThreadingHTTPServer):
    """Holds one key; ``refusal`` is the error type that it answers with."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.keypair = KEYPAIR
        self.refusal = ""
        self.asked: list[dict[str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: KmsServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["X-Amz-Target"] == "TrentService.Sign"
        assert self.headers["Authorization"].startswith(f"AWS4-HMAC-SHA256 Credential={SECRETS[0]}/")
        self.server.asked.append(body)
        if self.server.refusal:
            self._answer(400, {"__type": self.server.refusal, "message": "no"})
            return
        signature = bytes(self.server.keypair.sign_message(base64.b64decode(body["Message"])))
        answer = {"KeyId": body["KeyId"], "SigningAlgorithm": body["SigningAlgorithm"]}
        self._answer(200, answer | {"Signature": base64.b64encode(signature).decode()})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Iterator[KmsServer]:
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    for name, value in zip(names, SECRETS, strict=True):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    server = KmsServer()
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def signer_of(region: str = "eu-central-1") -> RemoteSigner:
    loop = LoopThread("signer")
    key = AwsKmsKey(pubkey=KEYPAIR.pubkey(), key_id="alias/trading", region=region)
    return RemoteSigner(KEYPAIR.pubkey(), key, lambda coroutine: loop.run(coroutine, 20))


def answer_of(signer: RemoteSigner) -> Signature | KeyUnavailable:
    [answer] = signer.sign_messages([b"message"])
    return answer


@needs_boto3
def test_kms_signs_the_bytes_themselves_and_no_credential_is_logged(
    kms: KmsServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        signer = signer_of()
        assert answer_of(signer) == KEYPAIR.sign_message(b"message")
        signer.prove()
    asked = {"MessageType": "RAW", "SigningAlgorithm": "ED25519_SHA_512", "KeyId": "alias/trading"}
    assert kms.asked[0] == asked | {"Message": base64.b64encode(b"message").decode()}
    for text in (caplog.text, repr(signer)):
        assert not any(secret in text for secret in SECRETS)


@needs_boto3
@pytest.mark.parametrize("refusal", ["AccessDeniedException", "ThrottlingException", "DisabledException"])
def test_a_refusal_is_an_outage_that_may_pass(kms: KmsServer, refusal: str) -> None:
    kms.refusal = refusal
    answer = answer_of(signer_of())
    assert type(answer) is SignerUnreachable
    assert str(answer) == "AWS KMS did not sign: SIGNER_REMOTE_API_ERROR"
    assert len(kms.asked) == 1


@needs_boto3
def test_a_signature_of_another_key_is_never_handed_on(kms: KmsServer) -> None:
    kms.keypair = Keypair()
    assert type(answer_of(signer_of())) is WrongSigner


@needs_boto3
def test_without_a_region_there_is_no_client(kms: KmsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert str(answer_of(signer_of(region=""))) == "AWS KMS: no client for it: NoRegionError"


@pytest.mark.skipif(has_boto3, reason="boto3 is installed")
def test_without_boto3_it_says_what_to_install() -> None:
    with pytest.raises(KeyUnavailable, match=r"pip install -r requirements-aws-kms\.txt"):
        signer_of()
