"""The API holds to its own OpenAPI description, whatever schemathesis thinks of.

Here a small part of what it thinks of, the same in every run; CONTRIBUTING.md says how to let it think
for longer. `schemathesis.toml` says which of its checks cannot hold for which call, and why.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from knox.models import AuthToken

from orders.models import Order
from tests.factories import UserFactory
from tests.orders.chain import TestChain
from tests.orders.http_line import http_line

ROOT = Path(__file__).resolve().parents[3]
_LIMIT_SECONDS = 120


@pytest.mark.django_db(transaction=True)
def test_no_call_breaks_its_description(tmp_path: Path, chain: TestChain) -> None:
    described = tmp_path / "schema.json"
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    described.write_bytes(OpenApiJsonRenderer().render(schema))
    _row, token = AuthToken.objects.create(UserFactory())
    environment = {"SOLANA_RPC_URL": chain.url, "WALLET_ADDRESS": str(chain.wallet.pubkey())}

    with http_line(tmp_path, **environment) as line:
        run = subprocess.run(
            (
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(ROOT / "schemathesis.toml")),
                *("run", str(described), "--url", line.url),
                *("--header", f"Authorization: Bearer {token}", "--max-examples", "15"),
                *("--generation-deterministic", "--continue-on-failure", "--no-color"),
            ),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=_LIMIT_SECONDS,
            check=False,
        )

    assert run.returncode == 0, run.stdout[-8_000:] + run.stderr
    assert "Operations:       23 selected / 23 total" in run.stdout
    # It got past the refusals: orders were made and found again by the calls that take their id.
    assert Order.objects.count() > 0
