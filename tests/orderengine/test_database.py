"""How processes connect to their database."""

from __future__ import annotations

import socket

import environ
import psycopg
import pytest

from orderengine.database import POSTGRES_OPTIONS, with_options

POSTGRES = "postgres://user:word@db:5432/orders"


@pytest.mark.parametrize("is_worker", [True, False])
def test_a_host_that_is_cut_off_is_given_up_by_every_process(is_worker: bool) -> None:
    options = with_options(environ.Env.db_url_config(POSTGRES), is_worker=is_worker)["OPTIONS"]
    assert options.items() >= POSTGRES_OPTIONS.items()
    assert ("pool" in options) is not is_worker


def test_what_the_address_says_wins() -> None:
    database = with_options(
        environ.Env.db_url_config(f"{POSTGRES}?connect_timeout=20&sslmode=require"), is_worker=True
    )
    assert database["OPTIONS"] == POSTGRES_OPTIONS | {"connect_timeout": 20, "sslmode": "require"}


def test_a_server_that_takes_connections_and_says_nothing_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        host, port = silent.getsockname()
        # Two seconds are the least that libpq waits.
        options = POSTGRES_OPTIONS | {"connect_timeout": 2}
        with pytest.raises(psycopg.OperationalError, match="timeout"):
            psycopg.connect(host=host, port=port, user="user", dbname="orders", **options)
