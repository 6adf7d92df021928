"""Settings are read strictly: what cannot be read is named, and nothing is guessed."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from orderengine.environment import Environment

SQLITE = "sqlite:////data/engine.sqlite3"


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> Environment:
    variables = {
        "NUMBER": " 7 ",
        "WORD": "$HOME",
        "LIST": "a,b",
        "CAPS": "SOL=1,USDC=2",
        "EMPTY": "",
        "BLANK": "  ",
        "LEVEL": "debug",
        "SERVER": "postgres://me:secret@db:5432/orders",
    }
    monkeypatch.setattr(Environment, "ENVIRON", variables)
    return Environment()


def test_each_kind_of_value_is_read(env: Environment) -> None:
    assert env.int("NUMBER", default=1) == 7
    assert env.str("WORD", default="") == "$HOME"
    assert env.list("LIST", default=[]) == ["a", "b"]
    assert env.dict("CAPS", default={}) == {"SOL": "1", "USDC": "2"}
    assert env.log_level("LEVEL", default="INFO") == "DEBUG"
    assert env.database("SERVER", default=SQLITE)["PASSWORD"] == "secret"


@pytest.mark.parametrize("name", ["ABSENT", "EMPTY", "BLANK"])
def test_an_empty_variable_counts_as_not_set(env: Environment, name: str) -> None:
    assert env.int(name, default=3) == 3
    assert env.str(name, default="x") == "x"
    assert env.list(name, default=["y"]) == ["y"]
    assert str(env.path(name, default="/z")) == "/z"
    assert env.log_level(name, default="INFO") == "INFO"
    assert env.database(name, default=SQLITE)["NAME"] == "/data/engine.sqlite3"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("true", True), ("True", True), (" on ", True), ("YES", True), ("1", True)),
        *(("false", False), ("off", False), ("No", False), ("0", False)),
    ],
)
def test_a_switch_is_a_word_for_on_or_off(
    env: Environment, monkeypatch: pytest.MonkeyPatch, text: str, value: bool
) -> None:
    monkeypatch.setitem(Environment.ENVIRON, "SWITCH", text)
    assert env.bool("SWITCH", default=not value) is value


@pytest.mark.parametrize("text", ["", "ture", "2", "enabled"])
def test_any_other_word_for_a_switch_is_refused(
    env: Environment, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setitem(Environment.ENVIRON, "SWITCH", text)
    with pytest.raises(ImproperlyConfigured, match=r"^SWITCH is not true or false$"):
        env.bool("SWITCH", default=True)


@pytest.mark.parametrize(
    ("reader", "complaint"),
    [
        ("int", "X is not a whole number"),
        ("dict", "X is not NAME=value,NAME=value"),
        ("log_level", "X is none of DEBUG, INFO, WARNING, ERROR"),
        ("database", "X is neither sqlite:/// nor postgres://"),
    ],
)
def test_what_cannot_be_read_is_named_and_not_quoted(
    env: Environment, monkeypatch: pytest.MonkeyPatch, reader: str, complaint: str
) -> None:
    monkeypatch.setitem(Environment.ENVIRON, "X", "mysql://a-secret")
    with pytest.raises(ImproperlyConfigured) as refused:
        getattr(env, reader)("X", default=SQLITE)
    assert str(refused.value) == complaint
