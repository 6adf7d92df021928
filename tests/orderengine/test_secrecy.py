"""Passwords and keys of the settings stay out of log lines, error pages and complaints about settings."""

from __future__ import annotations

import logging
import logging.config
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from django.views.debug import ExceptionReporter

from orderengine import secrecy
from orderengine.logs import logging_config
from orders import gateway
from tests.orderengine.test_deployment import manage

PASSWORD = "p@ss/word:0123456789"
QUOTED = "p%40ss%2Fword%3A0123456789"
KEY = "0123456789abcdef-api-key"


def test_the_secrets_of_an_address_are_known_in_each_spelling() -> None:
    urls = [f"redis://:{QUOTED}@127.0.0.1:6379/0", f"https://rpc.example.com/v1/{KEY}?api-key={KEY}-too"]
    assert secrecy.known_secrets(["a-django-secret"], urls) == [
        f"{KEY}-too",
        QUOTED,
        KEY,
        PASSWORD,
        "a-django-secret",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "unix:///home/me/a-rather-long-folder-name/valkey.sock?db=1",
        "sqlite:////home/me/a-rather-long-folder-name/engine.sqlite3",
        "redis://127.0.0.1:6379",
        "https://api.mainnet-beta.solana.com/v1/",
        "redis://:short@127.0.0.1",
    ],
)
def test_what_is_no_secret_is_left_readable(url: str) -> None:
    assert secrecy.known_secrets([""], [url]) == []


@pytest.mark.parametrize("log_format", ["readable", "json"])
def test_a_secret_is_blotted_out_of_message_arguments_and_traceback(log_format: str) -> None:
    described = logging_config(log_format, "INFO", [PASSWORD])["formatters"]["line"]
    formatter = logging.config.DictConfigurator({}).configure_formatter(described)
    try:
        raise ConnectionError(f"cannot reach redis://:{PASSWORD}@127.0.0.1")
    except ConnectionError:
        error = sys.exc_info()
    record = logging.LogRecord("redis", logging.ERROR, "f", 1, f"to {PASSWORD} %s", (PASSWORD,), error)
    line = formatter.format(record)
    assert PASSWORD not in line
    assert line.count("***") == 3
    assert "cannot reach redis://:***@127.0.0.1" in line


@pytest.mark.parametrize(
    "url", [f"postgres://me:{PASSWORD}@h/d", "postgres://me:pa[ss@h:1/d", "redis://:password@h:no-port"]
)
def test_an_address_that_cannot_be_read_is_named_and_not_quoted(url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        secrecy.require_addresses({"DATABASE_URL": url}, ["REDIS_URL", "DATABASE_URL"], [])
    text = "DATABASE_URL is not a URL: special characters of a password must be percent-encoded"
    assert str(caught.value) == text


def test_addresses_that_can_be_read_are_left_alone() -> None:
    urls = ("", "sqlite://:memory:", "unix:///run/valkey.sock", f"redis://:{QUOTED}@[::1]:6379/0")
    for url in urls:
        secrecy.require_addresses({"REDIS_URL": url}, ["REDIS_URL"], [])
    nodes = f"https://{KEY}@rpc.example.com, https://me:{QUOTED}@other.example.com/{KEY}"
    secrecy.require_addresses({"SOLANA_RPC_URL": nodes}, [], ["SOLANA_RPC_URL"])


@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "SOLANA_RPC_URL", "VAULT_ADDR"]
)
def test_the_engine_names_a_setting_that_it_cannot_read(name: str, tmp_path: Path) -> None:
    run = manage("run_engine", DATA_DIR=str(tmp_path / "data"), **{name: "https://me:hunter2/secret-word@h"})
    assert run.returncode == 1
    assert f"{name} is not a URL" in run.stderr
    assert "hunter2" not in run.stderr
    assert "secret-word" not in run.stderr


def test_a_broken_line_of_the_settings_file_is_not_quoted(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("WALLET_KEYPAIR=[12,34,56,\n  78,90,123]\n")
    run = manage("check", DATA_DIR=str(tmp_path / "data"), ENV_FILE=str(file))
    assert "a line of the settings file is not NAME=value, and is left out" in run.stderr
    assert "78,90" not in run.stdout + run.stderr


@pytest.mark.parametrize("traceback", [(), ("--traceback",)])
def test_a_database_that_cannot_be_reached_is_named_without_its_password(
    traceback: tuple[str, ...], tmp_path: Path
) -> None:
    url = f"postgres://orders:{QUOTED}@127.0.0.1:9/orders"
    run = manage(
        *("run_engine", *traceback), DATA_DIR=str(tmp_path / "data"), DATABASE_URL=url, LOG_LEVEL="DEBUG"
    )
    assert run.returncode == 1
    assert "the database cannot be used" in run.stderr
    assert PASSWORD not in run.stdout + run.stderr
    assert QUOTED not in run.stdout + run.stderr


def test_an_error_page_shows_neither_local_variables_nor_addresses(settings: Any) -> None:
    settings.DEBUG, settings.REDIS_URL = True, f"redis://:{QUOTED}@redis"
    settings.SOLANA_RPC_URL = f"https://rpc.example.com/?api-key={KEY}"
    settings.DATABASES["default"]["PASSWORD"] = PASSWORD
    try:
        conninfo = f"host=127.0.0.1 password={PASSWORD}"
        raise ConnectionError(len(conninfo))
    except ConnectionError:
        reporter = ExceptionReporter(RequestFactory().get("/admin/"), *sys.exc_info())
    page = reporter.get_traceback_html() + reporter.get_traceback_text()
    assert "ConnectionError" in page
    assert "SOLANA_RPC_URL" in page
    for secret in (PASSWORD, QUOTED, KEY):
        assert secret not in page


def test_the_explorers_link_holds_no_key_of_a_node_whose_network_is_set_wrong(settings: Any) -> None:
    settings.EXPLORER_URL = "https://explorer.example.com"
    first = f"https://me:{QUOTED}@rpc.example.com:8443/{KEY}/?api-key={KEY}"
    settings.SOLANA_RPC_URL = f"{first}, https://rpc.example.org/{KEY}"
    expected = (
        "https://explorer.example.com/tx/sig?cluster=custom&customUrl=https%3A%2F%2Frpc.example.com%3A8443"
    )
    assert gateway.explorer_url("localnet", "sig") == expected
    assert gateway.explorer_url("devnet", "sig") == "https://explorer.example.com/tx/sig?cluster=devnet"
    assert gateway.explorer_url("mainnet-beta", "sig") == "https://explorer.example.com/tx/sig"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {""}),
        ("x-key=a-key-0123456789", {"a-key-0123456789"}),
        ("Authorization=Bearer%20a-token,b=c=d", {"Bearer a-token", "a-token", "c=d"}),
        ("Authorization=Basic dTpw", {"Basic dTpw", "dTpw"}),
    ],
)
def test_the_values_of_a_collectors_headers_are_known(text: str, values: set[str]) -> None:
    assert set(secrecy.header_values(text)) == values
