"""The lock of SQLite's writers is released whatever goes wrong."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from orderengine.sqlite.base import DatabaseWrapper, WriterLock
from orders.platform.database_trouble import in_words

OF_A_FILE = {
    "OPTIONS": {},
    "TIME_ZONE": None,
    "AUTOCOMMIT": True,
    "ATOMIC_REQUESTS": False,
    "CONN_MAX_AGE": 0,
    "CONN_HEALTH_CHECKS": False,
    "TEST": {},
}


def refuse(error: BaseException) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def written_by_another_thread() -> list[str]:
    """The users that there are once another thread has made one."""
    from django.contrib.auth.models import User

    def write() -> None:
        User.objects.create(username="kept")
        connection.close()

    other = threading.Thread(target=write)
    other.start()
    other.join(5)
    assert not other.is_alive()
    return list(User.objects.values_list("username", flat=True))


@pytest.mark.parametrize("error", [OSError(errno.ENOLCK, "No locks available"), KeyboardInterrupt()])
def test_a_turn_that_could_not_be_taken_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    lock, other = WriterLock(str(tmp_path / "database")), WriterLock(str(tmp_path / "database"))
    with monkeypatch.context() as broken:
        broken.setattr(fcntl, "flock", refuse(error))
        with pytest.raises((OperationalError, KeyboardInterrupt)):
            lock.take(1)
    other.take(0.1)
    other.close()
    lock.close()


def test_a_lock_that_could_not_be_given_up_is_free_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, other = WriterLock(str(tmp_path / "database")), WriterLock(str(tmp_path / "database"))
    for _ in range(2):
        lock.take(1)
        with monkeypatch.context() as broken:
            broken.setattr(fcntl, "flock", refuse(OSError(errno.EIO, "Input/output error")))
            lock.give_up()
        other.take(0.1)
        other.give_up()
    other.close()
    lock.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [MemoryError(), KeyboardInterrupt(), SystemExit(1), ValueError()])
def test_after_any_exception_inside_a_transaction_another_thread_writes(error: BaseException) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no writer lock")
    from django.contrib.auth.models import User

    @transaction.atomic
    def break_off() -> None:
        User.objects.create(username="lost")
        raise error

    with pytest.raises(type(error)):
        break_off()
    assert written_by_another_thread() == ["kept"]


def test_without_a_file_descriptor_the_database_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "open", refuse(OSError(errno.EMFILE, "Too many open files")))
    with pytest.raises(OperationalError, match="Too many open files"):
        WriterLock(str(tmp_path / "database"))


@pytest.mark.django_db(transaction=True)
def test_after_a_commit_that_breaks_off_another_thread_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no writer lock")
    from django.contrib.auth.models import User
    from django.db.backends.base.base import BaseDatabaseWrapper

    with monkeypatch.context() as broken:
        broken.setattr(BaseDatabaseWrapper, "_commit", refuse(MemoryError()))
        with pytest.raises(MemoryError), transaction.atomic():
            User.objects.create(username="lost")

    assert written_by_another_thread() == ["kept"]


@pytest.mark.django_db
def test_a_database_that_is_made_anew_is_its_users_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        name = tmp_path / "new.sqlite3"
        wrapper = DatabaseWrapper({**OF_A_FILE, "NAME": str(name)}, "another")
        wrapper.cursor().execute("CREATE TABLE one (two)")
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
        wrapper.close()
    finally:
        os.umask(before)
    assert set(modes.values()) == {"0o600"}


@pytest.mark.django_db
def test_nothing_is_written_to_a_file_that_was_removed(tmp_path: Path) -> None:
    name, away = tmp_path / "orders.sqlite3", tmp_path / "away"
    settings = {**OF_A_FILE, "NAME": str(name), "OPTIONS": {"transaction_mode": "IMMEDIATE"}}
    wrapper = DatabaseWrapper(settings, "another")
    wrapper.cursor().execute("CREATE TABLE one (two)")
    name.rename(away)
    for _ in range(2):
        with pytest.raises(OperationalError) as removed:
            wrapper.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        assert in_words(removed.value) == "its file has been removed or replaced"
        wrapper.close_if_unusable_or_obsolete()
    assert not name.exists()
    away.rename(name)
    wrapper.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    wrapper.cursor().execute("INSERT INTO one VALUES (3)")
    wrapper.commit()
    wrapper.close()
    assert sqlite3.connect(name).execute("SELECT two FROM one").fetchall() == [(3,)]
