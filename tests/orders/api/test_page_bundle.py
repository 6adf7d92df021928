"""The page's files: joined, minified, compressed, and kept by browsers under the name of their content."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from orders.api import page_bundle

# What a slow line of 20 kB per second carries in 1.5 s, with the document.
_MOST_BYTES = 36_000
# A field or a method of a class; browsers refuse a script with two of a name, and with it the whole page.
# A getter and a setter are one.
_PRIVATE = re.compile(r"^  (?:static |async |get |\*)*(#\w+)(?= ?[=;(])", re.MULTILINE)


def test_a_module_is_called_before_those_that_import_it(tmp_path: Path) -> None:
    (tmp_path / "main.js").write_text('import { a as b, c } from "./two-words.js";\nconsole.log(b, c());\n')
    (tmp_path / "two-words.js").write_text("export const a = 1;\nexport function c() {}\nconst own = 2;\n")

    joined = page_bundle.joined_modules(tmp_path, "main.js")

    assert joined == (
        "const $two_words = (() => {\n"
        "const a = 1;\nfunction c() {}\nconst own = 2;\n\nreturn { a, c };\n})();\n"
        "const $main = (() => {\nconst { a: b, c } = $two_words;\nconsole.log(b, c());\n\nreturn {  };\n})();"
    )


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ('import x from "./main.js";\n', "cannot be joined"),
        ("export default 1;\n", "cannot be joined"),
        ("const a = `b${c ? ` ${d}` : 1}`;\n", "cannot be joined"),
        ('import { a } from "./main.js";\nexport const a = 1;\n', "import each other: main.js → main.js"),
    ],
)
def test_what_cannot_be_joined_is_named(tmp_path: Path, source: str, problem: str) -> None:
    (tmp_path / "main.js").write_text(source)
    with pytest.raises(ImproperlyConfigured, match=problem):
        page_bundle.joined_modules(tmp_path, "main.js")


def test_script_and_styles_are_small_enough_for_a_slow_line() -> None:
    files = page_bundle.assets()
    assert len(files["script"].gzipped) + len(files["style"].gzipped) <= _MOST_BYTES


def test_no_class_declares_a_private_name_twice() -> None:
    folder = Path(page_bundle.__file__).parent.parent / "static" / "orders" / "js"
    doubled = {}
    for path in folder.glob("*.js"):
        names = _PRIVATE.findall(path.read_text())
        doubled[path.name] = sorted({name for name in names if names.count(name) > 1})
    assert {name: found for name, found in doubled.items() if found} == {}


@pytest.mark.parametrize("use", ["script", "style", "chart"])
def test_an_asset_comes_compressed_and_is_kept_for_ever(client: Client, use: str) -> None:
    asset = page_bundle.assets()[use]

    answer = client.get(f"/assets/{asset.name}", headers={"Accept-Encoding": "gzip, br"})

    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content) == asset.body
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Accept-Encoding" in answer["Vary"]
    assert client.get(f"/assets/{asset.name}").content == asset.body


def test_a_name_of_before_is_not_answered_with_other_content(client: Client) -> None:
    assert client.get("/assets/page.0000000000000000.js").status_code == 404


@pytest.mark.django_db
def test_the_page_names_its_assets_and_comes_compressed(client: Client) -> None:
    answer = client.get("/", headers={"Accept-Encoding": "gzip"})

    page = gzip.decompress(answer.content).decode()
    for asset in page_bundle.assets().values():
        assert f"/assets/{asset.name}" in page
