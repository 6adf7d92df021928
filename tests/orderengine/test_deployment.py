"""Settings for a network: what Django's own deployment check says, and what refuses to start."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client

from orders.access.authentication import is_on_this_machine
from orders.platform import crash_points

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": "s3cret-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
    "ALLOWED_HOSTS": "orders.example.com",
    "HSTS_SECONDS": "31536000",
    "HSTS_SUBDOMAINS": "true",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run((sys.executable, "manage.py", *arguments), environment)


def run(command: tuple[str, ...], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        command,
        cwd=ROOT,
        env=inherited | {"ENV_FILE": os.devnull} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_deployment_check_is_clean(tmp_path: Path) -> None:
    ended = manage("check", "--deploy", "--fail-level", "WARNING", DATA_DIR=str(tmp_path), **PRODUCTION)
    assert ended.returncode == 0, ended.stderr
    assert "no issues" in ended.stdout


def test_without_debug_there_is_no_local_user_no_default_key_and_no_plain_cookie(tmp_path: Path) -> None:
    cookies = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")
    names = ["LOCAL_USER_ALLOWED", *cookies, "SECURE_SSL_REDIRECT", "ORDERS_PER_MINUTE"]
    shown = f"from django.conf import settings as s; print(*[getattr(s, n) for n in {names}])"
    ended = manage("shell", "-v", "0", "-c", shown, DATA_DIR=str(tmp_path), **PRODUCTION)
    assert ended.stdout.split() == ["False", "True", "True", "True", "600"], ended.stderr
    no_key = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}
    refused = manage("check", "--deploy", "--fail-level", "WARNING", DATA_DIR=str(tmp_path), **no_key)
    assert refused.returncode != 0
    assert "SECRET_KEY" in refused.stderr


def test_the_engine_refuses_limits_that_mean_nothing_before_it_starts_anything(tmp_path: Path) -> None:
    ended = manage("run_engine", DATA_DIR=str(tmp_path / "data"), ORDERS_PER_MINUTE="-1")
    assert ended.returncode == 1
    assert "(orders.E003) ORDERS_PER_MINUTE is less than 0." in ended.stderr
    assert not (tmp_path / "data").exists()


def test_the_engine_refuses_to_serve_under_no_name(tmp_path: Path) -> None:
    ended = manage("run_engine", DATA_DIR=str(tmp_path / "data"), DEBUG="false", PORT="1")
    assert ended.returncode == 1
    assert ended.stderr.endswith("DEBUG is off: set ALLOWED_HOSTS to the names that clients will use\n")
    assert not (tmp_path / "data" / "wallet.json").exists()


def test_a_setting_that_cannot_be_read_is_named_in_one_line() -> None:
    ended = manage("check", PORT="no-number-but-a-secret")
    assert (ended.returncode, ended.stderr) == (1, "manage.py: PORT is not a whole number\n")


def test_a_command_without_its_database_says_so_in_two_lines(tmp_path: Path) -> None:
    ended = manage("create_token", "alice", "--create", DATA_DIR=str(tmp_path / "elsewhere"))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "manage.py: the database cannot be used: unable to open database file\n"
        "DATA_DIR or DATABASE_URL must be the running engine's; `manage.py migrate` makes the tables.\n"
    )
    full = manage("create_token", "alice", "--traceback", DATA_DIR=str(tmp_path / "elsewhere"))
    assert full.stderr.startswith("Traceback")


@pytest.mark.parametrize(
    ("program", "arguments", "what"),
    [
        ("celery", ("-A", "orderengine", "worker", "-P", "threads"), "this worker"),
        ("daphne", ("-p", "0", "orderengine.asgi:application"), "the web server"),
    ],
)
def test_a_process_started_by_hand_refuses_every_setting_that_the_checks_refuse(
    tmp_path: Path, program: str, arguments: tuple[str, ...], what: str
) -> None:
    command = str(Path(sysconfig.get_path("scripts")) / program)
    wrong = {
        "DEFAULT_SLIPPAGE_BPS": "6000",
        "ORDERS_PER_MINUTE": "-1",
        "SOLANA_COMMITMENT": "processed",
        "PRIORITY_FEE": "plenty",
        crash_points.CRASH_AT: "nowhere",
    }
    redis = {"REDIS_URL": os.environ["REDIS_URL"], "DATA_DIR": str(tmp_path)}
    ended = run((command, *arguments), redis | wrong)
    assert ended.returncode == 1
    refusals = re.findall(rf"^{what} does not start: .*\((orders\.E\d+)\)$", ended.stderr, re.MULTILINE)
    assert sorted(refusals) == ["orders.E002", "orders.E003", "orders.E005", "orders.E011", "orders.E030"]
    assert "ORDERS_PER_MINUTE is less than 0. 0 switches it off. (orders.E003)" in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("debug", "host"), [(False, "127.0.0.1"), (True, "0.0.0.0"), (True, "192.0.2.1")])
def test_the_engine_refuses_a_local_user_on_the_network(settings: Any, debug: bool, host: str) -> None:
    settings.LOCAL_USER_ALLOWED, settings.DEBUG, settings.HOST = True, debug, host
    with pytest.raises(SystemCheckError, match=r"orders\.E001"):
        call_command("run_engine", skip_checks=False)


@pytest.mark.parametrize(
    ("address", "here"),
    [
        *((None, True), ("", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True)),
        *(
            ("::ffff:127.0.0.1", True),
            ("192.0.2.1", False),
            ("::ffff:192.0.2.1", False),
            ("elsewhere", False),
        ),
    ],
)
def test_this_machine_is_known_by_the_peers_address(address: str | None, here: bool) -> None:
    assert is_on_this_machine(address) is here


@pytest.mark.django_db
def test_a_caller_from_the_network_is_never_the_local_user(client: Client) -> None:
    assert client.get("/api/orders").status_code == 200
    assert client.get("/api/orders", REMOTE_ADDR="192.0.2.1").status_code == 401


@pytest.mark.django_db
def test_plain_http_is_sent_to_tls_except_for_probes(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 60
    fresh = Client()
    answer = fresh.get("/api/orders")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/api/orders")
    assert fresh.get("/health/live").status_code == 200
    secure = fresh.get("/api/orders", secure=True)
    assert secure["Strict-Transport-Security"].startswith("max-age=60")
    assert secure["X-Content-Type-Options"] == "nosniff"
    assert secure["X-Frame-Options"] == "DENY"
    assert secure["Referrer-Policy"] == "same-origin"
