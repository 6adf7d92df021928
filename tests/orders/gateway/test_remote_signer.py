"""Orders whose wallet's key is in Vault: signed there, confirmed on chain, and waiting while it is away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from solders.keypair import Keypair

from orders import checks, gateway, tasks
from orders.lifecycle import AttemptState
from orders.models import Attempt, Order
from orders.pipeline import settle as settlement
from orders.pipeline import stages
from orders.pipeline.settle import Watched
from tests.orders.chain import TestChain, eventually
from tests.orders.rows import order_row
from tests.transit_server import KEY_NAME, TOKEN, TransitServer, running_transit

pytestmark = pytest.mark.django_db


@pytest.fixture
def vault(chain: TestChain, settings: Any, tmp_path: Path) -> Iterator[TransitServer]:
    """A Vault that holds the key of the chain's funded wallet; this process does not."""
    with running_transit(chain.wallet, tmp_path) as server:
        settings.SIGNER, settings.WALLET_KEYPAIR = "vault", ""
        settings.VAULT_ADDR, settings.VAULT_KEY, settings.VAULT_TOKEN = server.url, KEY_NAME, TOKEN
        settings.VAULT_CACERT = str(server.ca_file)
        yield server


def reload(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def settle(order: Order) -> None:
    attempt = order.attempts.get(state=AttemptState.OPEN)
    now = time.monotonic()
    one = Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), now, now)
    eventually(lambda: attempt.signature in settlement.settle([one]))


def test_orders_signed_by_vault_are_confirmed(user: User, chain: TestChain, vault: TransitServer) -> None:
    orders = [order_row(user) for _ in range(3)]
    ids = [order.pk for order in orders]
    for stage in (stages.route, stages.build, stages.submit):
        assert sorted(stage(ids).onward) == sorted(ids)
    for order in orders:
        settle(order)
        assert reload(order).status == "confirmed"
    assert len(vault.signed) == len(set(vault.signed)) == 3
    assert sorted(chain.swaps_of_wallet()) == sorted(reload(order).signature for order in orders)


def test_a_vault_that_is_away_costs_a_retry_and_no_attempt(
    user: User, chain: TestChain, vault: TransitServer, caplog: pytest.LogCaptureFixture
) -> None:
    order = order_row(user)
    stages.route([order.pk])
    vault.status = 503
    (waiting,) = stages.build([order.pk]).waiting
    assert (waiting.status, waiting.attempt, Attempt.objects.count()) == ("routing", 0, 0)
    data = order.events.latest("sequence").data
    assert (data["code"], data["retryInMs"]) == ("WALLET_UNAVAILABLE", 1000)
    assert "nothing signed: Vault did not sign: SIGNER_REMOTE_API_ERROR, HTTP 503" in caplog.text

    vault.status = 200
    Order.objects.filter(pk=order.pk).update(due_at=timezone.now())
    for stage in (stages.route, stages.build, stages.submit):
        stage([order.pk])
    settle(order)
    assert (reload(order).status, reload(order).attempt, len(vault.signed)) == ("confirmed", 1, 1)


def test_a_signature_of_another_key_is_not_committed(
    user: User, chain: TestChain, vault: TransitServer
) -> None:
    order = order_row(user)
    stages.route([order.pk])
    vault.keypair = Keypair()
    assert [waiting.pk for waiting in stages.build([order.pk]).waiting] == [order.pk]
    assert (len(vault.signed), Attempt.objects.count()) == (1, 0)


def test_without_a_signer_that_answers_orders_fail_after_their_retries(
    user: User, chain: TestChain, vault: TransitServer
) -> None:
    order = order_row(user)
    vault.status = 403
    for _ in range(4):
        Order.objects.filter(pk=order.pk).update(due_at=timezone.now())
        stages.route([order.pk])
        stages.build([order.pk])
    assert (reload(order).status, reload(order).error_code) == ("failed", "WALLET_UNAVAILABLE")
    assert (Attempt.objects.count(), chain.swaps_of_wallet()) == (0, [])


def test_a_worker_whose_vault_holds_another_key_does_not_start(
    chain: TestChain, vault: TransitServer
) -> None:
    tasks.refuse_a_foreign_key()
    vault.keypair = Keypair()
    with pytest.raises(SystemExit) as refused:
        tasks.refuse_a_foreign_key()
    wallet = chain.wallet.pubkey()
    reason = f"this worker cannot sign for the wallet: Vault does not sign for the wallet {wallet}"
    assert refused.value.code == reason


def test_a_worker_starts_while_its_vault_is_away(vault: TransitServer) -> None:
    vault.status = 503
    tasks.refuse_a_foreign_key()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"WALLET_KEYPAIR": ""}, "this process has no wallet key: WALLET_KEYPAIR is not set"),
        ({"WALLET_KEYPAIR": "5" * 88}, "wallet key is not a Solana key pair"),
        ({"WALLET_KEYPAIR": "/nowhere/wallet.json"}, "key file cannot be opened: FileNotFoundError"),
        ({"WALLET_ADDRESS": "nonsense"}, "WALLET_ADDRESS is not a Solana address"),
        ({"SIGNER": "ledger"}, "SIGNER is none of memory, vault, aws-kms"),
        ({"SIGNER": "vault", "VAULT_KEY": "k", "VAULT_TOKEN": "t"}, "Vault: its address is not an HTTPS URL"),
        ({"SIGNER": "aws-kms"}, "AWS KMS: no key is named"),
    ],
)
def test_a_worker_without_a_key_it_can_use_does_not_start(
    chain: TestChain, settings: Any, changes: dict[str, str], reason: str
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    assert gateway.unfit_to_sign() == reason


def test_a_key_of_another_wallet_is_refused(chain: TestChain, settings: Any) -> None:
    assert gateway.unfit_to_sign() is None
    settings.WALLET_ADDRESS = str(Keypair.from_seed(b"w" * 32).pubkey())
    expected = f"the key is that of {chain.wallet.pubkey()}, WALLET_ADDRESS is {settings.WALLET_ADDRESS}"
    assert gateway.unfit_to_sign() == expected


def test_the_signers_settings_are_checked(settings: Any) -> None:
    assert checks.the_signer_is_described() == []
    settings.SIGNER = "ledger"
    assert [found.id for found in checks.the_signer_is_described()] == ["orders.E020"]
    settings.SIGNER, settings.WALLET_ADDRESS, settings.VAULT_KEY = "vault", "", "trading"
    found = [(each.id, each.msg) for each in checks.the_signer_is_described()]
    assert found == [
        ("orders.E021", "SIGNER=vault needs WALLET_ADDRESS."),
        ("orders.E021", "SIGNER=vault needs VAULT_ADDR."),
    ]
