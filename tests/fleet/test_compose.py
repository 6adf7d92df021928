"""docker-compose.yml, Dockerfile and Procfile, held against settings and against each other."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.engine import ROOT
from tests.fleet import compose
from tests.orderengine.test_env_example import names_documented

NEEDED = {"SECRET_KEY": "secret", "POSTGRES_PASSWORD": "word", "WALLET_ADDRESS": "wallet"}
# Read by Celery's start, the AWS SDK and Docker, not by settings.
OTHERS = {
    *("WORKER_READY_FILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PIP_NO_CACHE_DIR"),
}
OURS = ("migrate", "web", "worker", "localnet")


@pytest.fixture
def services() -> Mapping[str, compose.Service]:
    return compose.services(NEEDED)


def test_the_services_are_one_image_two_servers_and_a_network_on_demand(
    services: Mapping[str, compose.Service],
) -> None:
    assert sorted(services) == ["localnet", "migrate", "postgres", "redis", "web", "worker"]
    assert {services[name].raw["image"] for name in OURS} == {"order-execution-engine"}
    assert services["localnet"].raw["profiles"] == ["localnet"]


@pytest.mark.parametrize("missing", sorted(NEEDED))
def test_what_must_be_set_is_asked_for(missing: str) -> None:
    given = {name: value for name, value in NEEDED.items() if name != missing}
    with pytest.raises(compose.VariableMissing, match=f"{missing}: put {missing} into .env"):
        compose.services(given)


def test_every_variable_given_to_a_process_is_one_that_it_reads(
    services: Mapping[str, compose.Service],
) -> None:
    for name in OURS:
        own = set(services[name].environment) - set(NEEDED) | {"SECRET_KEY", "WALLET_ADDRESS"}
        assert own <= names_documented() | OTHERS, name


def test_only_workers_are_given_what_signs(services: Mapping[str, compose.Service]) -> None:
    given = NEEDED | {"VAULT_TOKEN": "token", "AWS_SECRET_ACCESS_KEY": "key", "WALLET_KEYPAIR": "[1, 2]"}
    found = compose.services(given)
    signing = ("WALLET_KEYPAIR", "VAULT_TOKEN", "AWS_SECRET_ACCESS_KEY")
    for name in ("web", "migrate"):
        assert [found[name].environment[each] for each in signing] == ["", "", ""]
        assert "secrets" not in found[name].raw
    assert [found["worker"].environment[each] for each in signing] == ["/run/secrets/wallet", "token", "key"]


def test_procfile_and_containers_run_the_same(services: Mapping[str, compose.Service]) -> None:
    lines = compose.procfile()
    assert sorted(lines) == ["release", "web", "worker"]
    spelled = {
        name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", line)
        .removeprefix("exec ")
        .removeprefix("env HOST=0.0.0.0 ")
        for name, line in lines.items()
    }
    assert spelled["release"].split() == list(services["migrate"].command)
    assert spelled["web"].split() == list(services["web"].command)
    assert spelled["worker"].split() == list(services["worker"].command)


def test_ports_probes_and_addresses_fit_each_other(services: Mapping[str, compose.Service]) -> None:
    web, worker, localnet = services["web"], services["worker"], services["localnet"]
    port = web.command[web.command.index("-p") + 1]
    assert web.raw["ports"] == [f"127.0.0.1:8000:{port}"]
    assert f"http://localhost:{port}/health/live" in web.probe[-1]
    assert worker.probe == ("test", "-e", worker.environment["WORKER_READY_FILE"])
    rpc_port = localnet.command[localnet.command.index("--port") + 1]
    assert web.environment["SOLANA_RPC_URL"] == f"http://localnet:{rpc_port}"
    assert f"http://localhost:{rpc_port}/health" in localnet.probe[-1]
    assert web.environment["DATABASE_URL"] == "postgres://orders:word@postgres:5432/orders"
    assert services["postgres"].raw["environment"]["POSTGRES_PASSWORD"] == "word"


def test_redis_keeps_what_it_is_given(services: Mapping[str, compose.Service]) -> None:
    command = services["redis"].command
    pairs = dict(zip(command[1::2], command[2::2], strict=True))
    assert pairs["--appendonly"] == "yes"
    assert pairs["--maxmemory-policy"] == "noeviction"


def test_nothing_starts_before_what_it_needs(services: Mapping[str, compose.Service]) -> None:
    for name in ("web", "worker"):
        conditions = {each: state["condition"] for each, state in services[name].raw["depends_on"].items()}
        assert conditions == {
            "migrate": "service_completed_successfully",
            "postgres": "service_healthy",
            "redis": "service_healthy",
        }
    assert services["migrate"].raw["restart"] == "no"


def test_a_worker_may_finish_its_tasks_before_it_is_killed(services: Mapping[str, compose.Service]) -> None:
    from django.conf import settings

    from orders.gateway.connection import CALL_TIMEOUT_SECONDS

    grace = int(services["worker"].raw["stop_grace_period"].removesuffix("s"))
    assert grace > settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT + CALL_TIMEOUT_SECONDS


def test_the_image_runs_as_nobody_special_and_copies_what_there_is() -> None:
    instructions = compose.dockerfile()
    assert ("USER", "engine") in instructions
    words = [word for word, _ in instructions]
    assert words.index("USER") < words.index("CMD")
    copied = {name for word, rest in instructions if word == "COPY" for name in rest.split()[:-1]}
    parts = {"manage.py", "dex", "orders", "orderengine"}
    assert copied == {"requirements.txt", "requirements-otel.txt", *parts}
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not installed")
def test_docker_compose_accepts_the_file(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in NEEDED.items()))
    run = subprocess.run(
        ("docker-compose", "--profile", "localnet", "config", "--services"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert sorted(run.stdout.split()) == ["localnet", "migrate", "postgres", "redis", "web", "worker"]
