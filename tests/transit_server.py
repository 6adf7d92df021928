"""A small HTTPS server that speaks the transit API of HashiCorp Vault, with a real ed25519 key.

https://developer.hashicorp.com/vault/api-docs/secret/transit#sign-data
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from solders.keypair import Keypair

TOKEN = "hvs.CAESIJ-a-token-that-nobody-may-see-0123456789"
KEY_NAME = "trading wallet"
_KEY_PATH = "trading%20wallet"


class TransitServer(ThreadingHTTPServer):
    """Holds one key; ``status`` makes it refuse, ``hanging`` makes it wait for ``release``."""

    daemon_threads = True

    def __init__(self, keypair: Keypair, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.keypair = keypair
        self.token = TOKEN
        self.status = 200
        self.hanging = False
        self.release = threading.Event()
        self.signed: list[bytes] = []
        self.namespaces: list[str | None] = []
        self.connections = 0
        self.ca_file = _certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: TransitServer

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.hanging:
            self.server.release.wait(30)
            return
        self.server.namespaces.append(self.headers["X-Vault-Namespace"])
        if self.server.status != 200:
            self._answer(self.server.status, {"errors": ["Vault is sealed"]})
        elif self.headers["X-Vault-Token"] != self.server.token:
            self._answer(403, {"errors": [f"permission denied for {self.headers['X-Vault-Token']}"]})
        elif self.path != f"/v1/transit/sign/{_KEY_PATH}":
            self._answer(400, {"errors": ["signing key not found"]})
        else:
            self._answer(200, _wrapped(self._sign(base64.b64decode(json.loads(body)["input"]))))

    def _sign(self, message: bytes) -> dict[str, Any]:
        self.server.signed.append(message)
        signature = base64.b64encode(bytes(self.server.keypair.sign_message(message))).decode()
        return {"key_version": 1, "signature": f"vault:v1:{signature}"}

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextmanager
def running_transit(keypair: Keypair, folder: Path) -> Iterator[TransitServer]:
    """A transit engine that holds ``keypair`` under the name KEY_NAME."""
    server = TransitServer(keypair, folder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()


def _wrapped(data: dict[str, Any]) -> dict[str, Any]:
    frame = {"request_id": "8b1e9d1e-2f0e-4b13-9e0f-6c9a3c0a5f10", "lease_id": "", "renewable": False}
    return frame | {"lease_duration": 0, "data": data, "wrap_info": None, "warnings": None, "auth": None}


def _certificate(folder: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that vouches for itself, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "transit.test")])
    now = datetime.datetime.now(datetime.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "transit.pem"
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file
