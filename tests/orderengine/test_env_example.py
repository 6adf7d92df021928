"""The shipped example of a configuration names what is read, no more and no less."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import environ

ROOT = Path(__file__).resolve().parent.parent.parent


def names_read_from_environment(source: str, readers: tuple[str, ...]) -> set[str]:
    """The first text that each call of a reader is given, as in ``env.str("HOST")``."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(readers):
            texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
            names |= {text for text in texts[:1] if isinstance(text, str)}
    return names


def names_read() -> set[str]:
    settings = (ROOT / "orderengine/settings.py").read_text()
    names = names_read_from_environment(settings, ("env.",))
    for file in ("plan.py", "parts.py"):
        source = (ROOT / "orderengine/supervisor" / file).read_text()
        names |= names_read_from_environment(source, ("environment.get", "_whole_number"))
    return names


def names_documented() -> set[str]:
    example = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^# ([A-Z][A-Z_]+)=", example, re.MULTILINE))


def test_every_setting_stands_in_the_example_and_nothing_else_does() -> None:
    assert names_read() == names_documented()


def test_the_copied_example_changes_nothing() -> None:
    assert re.findall(r"^[^#\n].*", (ROOT / ".env.example").read_text(), re.MULTILINE) == []


def test_the_uncommented_example_is_readable() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    values = dict(line.removeprefix("# ").split("=", 1) for line in lines if re.match(r"# [A-Z_]+=", line))
    database = environ.Env.db_url_config(values["DATABASE_URL"])
    assert (database["ENGINE"], database["NAME"]) == ("django.db.backends.postgresql", "orders")
