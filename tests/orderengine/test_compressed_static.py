"""Static files go out compressed, once."""

from __future__ import annotations

import gzip
from pathlib import Path

from django.contrib.staticfiles import finders
from django.test import Client

STYLE = "unfold/css/styles.css"


def ask(path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    answer = Client(headers={"Accept-Encoding": "gzip", **headers}).get(f"/static/{path}")
    return answer.status_code, dict(answer.headers), answer.getvalue()


def test_a_style_is_compressed_and_not_sent_twice() -> None:
    status, headers, body = ask(STYLE)
    assert (status, headers["Content-Encoding"], headers["Vary"]) == (200, "gzip", "Accept-Encoding")
    found = finders.find(STYLE)
    assert isinstance(found, str)
    assert gzip.decompress(body) == Path(found).read_bytes()
    assert ask(STYLE, **{"If-None-Match": headers["ETag"]})[0] == 304


def test_fonts_and_parts_of_files_are_left_as_they_are() -> None:
    font = "unfold/fonts/material-symbols/Material-Symbols-Outlined.woff2"
    assert "Content-Encoding" not in ask(font)[1]
    status, headers, body = ask(STYLE, Range="bytes=0-9")
    assert (status, len(body)) == (206, 10)
    assert "Content-Encoding" not in headers
