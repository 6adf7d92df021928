"""The page's scripts and styles, each joined into one minified file, compressed, and named by its content.

The sources are ES modules as browsers run them, and stay so: joining them only turns 40 requests into two,
and two more for the history and for what orders that wait need, which come when the page can be used.
Modules that both parts import are in both, so such a module keeps no state.
A module becomes a function that is called once; it returns its exports, which the modules that import them
take apart by name. This covers what the page's modules use: named imports from files beside them, and
exported declarations; no template text inside another. Anything else raises ImproperlyConfigured.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import rcssmin
import rjsmin
from django.core.exceptions import ImproperlyConfigured

_STATIC: Final = Path(__file__).resolve().parent.parent / "static" / "orders"
_ENTRY: Final = "main.js"
_LATE: Final = "late-parts.js"
# In the order in which later ones may say more than earlier ones.
_STYLES: Final = (
    *(
        "theme",
        "base",
        "layout",
        "panels",
        "top",
        "corner",
        "controls",
        "badges",
        "dialogs",
        "swap",
        "quotes",
    ),
    *("route", "live", "history", "chart"),
)
_LATE_STYLES: Final = ("waiting", "new-pools", "order-lines", "portfolio", "tokens", "details")
_IMPORT: Final = re.compile(r'^import\s+\{([^}]*)\}\s+from\s+"\./([\w-]+\.js)";$', re.MULTILINE)
_EXPORT: Final = re.compile(
    r"^export\s+((?:async\s+)?function\*?|class|const|let)\s+([A-Za-z_$][\w$]*)", re.MULTILINE
)
_LEFT_OVER: Final = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)
# The minifier takes the text of an inner template for code.
_INNER_TEMPLATE: Final = re.compile(r"\$\{[^{}`]*`")
_GZIP_LEVEL: Final = 9


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it goes out. ``name`` holds a digest of its content."""

    name: str
    content_type: str
    body: bytes
    gzipped: bytes


def assets() -> Mapping[str, Asset]:
    """By what they are for, "script", "late_script", "chart", …; made anew when a source has changed."""
    return _assets(max(path.stat().st_mtime_ns for path in _sources()))


def asset(name: str) -> Asset | None:
    """The asset of that name, None when there is none, or none any more."""
    return next((each for each in assets().values() if each.name == name), None)


def joined_modules(folder: Path, entry: str, *exported: str) -> str:
    """One module that does what ``entry`` in ``folder`` does with all that it imports, and exports these."""
    sources: dict[str, str] = {}
    _gather(folder, entry, sources, ())
    joined = "\n".join(_as_function(name, source) for name, source in sources.items())
    names = ", ".join(exported)
    return f"{joined}\nexport const {{ {names} }} = {_variable(entry)};" if names else joined


@lru_cache(maxsize=1)
def _assets(_newest: int) -> Mapping[str, Asset]:
    script = rjsmin.jsmin(joined_modules(_STATIC / "js", _ENTRY))
    late = rjsmin.jsmin(joined_modules(_STATIC / "js", _LATE, "startLate"))
    style = rcssmin.cssmin("\n".join(_read(path) for path in _style_files()))
    late_style = rcssmin.cssmin("\n".join(_read(path) for path in _css(_LATE_STYLES)))
    chart = rjsmin.jsmin(_read(_chart_library()))
    return {
        "script": _asset("page", "js", "text/javascript", script),
        "style": _asset("page", "css", "text/css", style),
        "late_script": _asset("late", "js", "text/javascript", late),
        "late_style": _asset("late", "css", "text/css", late_style),
        "chart": _asset("chart", "js", "text/javascript", chart),
    }


def _asset(stem: str, suffix: str, content_type: str, text: str) -> Asset:
    body = text.encode()
    digest = hashlib.sha256(body).hexdigest()[:16]
    # Without the time of day, so that every process makes the same bytes.
    gzipped = gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return Asset(f"{stem}.{digest}.{suffix}", f"{content_type}; charset=utf-8", body, gzipped)


def _sources() -> Iterator[Path]:
    yield from (_STATIC / "js").glob("*.js")
    yield from _style_files()
    yield from _css(_LATE_STYLES)
    yield _chart_library()


def _style_files() -> Sequence[Path]:
    return [_STATIC / "vendor" / "uplot" / "uPlot.min.css", *_css(_STYLES)]


def _css(names: Iterable[str]) -> list[Path]:
    return [_STATIC / "css" / f"{name}.css" for name in names]


def _chart_library() -> Path:
    return _STATIC / "vendor" / "uplot" / "uPlot.esm.js"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _gather(folder: Path, name: str, sources: dict[str, str], importers: tuple[str, ...]) -> None:
    """Add a module behind all that it imports."""
    if name in importers:
        raise ImproperlyConfigured(f"Modules import each other: {' → '.join((*importers, name))}")
    if name in sources:
        return
    source = _read(folder / name)
    for found in _IMPORT.finditer(source):
        _gather(folder, found[2], sources, (*importers, name))
    sources[name] = source


def _as_function(name: str, source: str) -> str:
    exported = [found[2] for found in _EXPORT.finditer(source)]
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(_taken_apart, source))
    left_over = _LEFT_OVER.search(body) or _INNER_TEMPLATE.search(body)
    if left_over:
        raise ImproperlyConfigured(f"{name}: this cannot be joined: {left_over[0]}")
    return f"const {_variable(name)} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();"


def _taken_apart(found: re.Match[str]) -> str:
    names = [each.strip().replace(" as ", ": ") for each in found[1].split(",") if each.strip()]
    return f"const {{ {', '.join(names)} }} = {_variable(found[2])};"


def _variable(module: str) -> str:
    return f"${module.removesuffix('.js').replace('-', '_')}"
