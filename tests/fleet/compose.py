"""docker-compose.yml, Dockerfile and Procfile as their readers see them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from tests.e2e.engine import ROOT

# Compose's interpolation: ${NAME}, ${NAME:-default}, ${NAME:?why}; compose-spec, "Interpolation".
_VARIABLE: Final = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


class VariableMissing(Exception):
    """A variable that must be set is not; the message is what the file says about it."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its command with the image's as default, its environment and its probe."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    probe: tuple[str, ...]
    raw: Mapping[str, Any]


def services(variables: Mapping[str, str]) -> dict[str, Service]:
    """Every service by name. Raises VariableMissing."""
    document = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return {
        name: _service(name, raw, variables) for name, raw in _filled(document, variables)["services"].items()
    }


def dockerfile() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile with their arguments."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    split = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in split]


def image_environment() -> dict[str, str]:
    """What ENV of the Dockerfile sets."""
    arguments = [rest for word, rest in dockerfile() if word == "ENV"]
    return dict(pair.split("=", 1) for rest in arguments for pair in rest.split())


def procfile() -> dict[str, str]:
    """The Procfile's command lines by process type."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    return {name: command.strip() for name, _, command in (line.partition(":") for line in lines)}


def _service(name: str, raw: Mapping[str, Any], variables: Mapping[str, str]) -> Service:
    image_command = next(json.loads(rest) for word, rest in dockerfile() if word == "CMD")
    own_image = "build" in raw
    environment = dict(image_environment()) if own_image else {}
    environment |= variables if "env_file" in raw else {}
    environment |= {key: str(value) for key, value in raw.get("environment", {}).items()}
    command = raw.get("command", image_command if own_image else [])
    probe = raw.get("healthcheck", {}).get("test", ["CMD"])
    return Service(name, tuple(map(str, command)), environment, tuple(map(str, probe[1:])), raw)


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, variables) for each in value]
    return _VARIABLE.sub(lambda match: _value(match, variables), value) if isinstance(value, str) else value


def _value(match: re.Match[str], variables: Mapping[str, str]) -> str:
    name, kind, rest = match["name"], match["kind"], match["rest"]
    if variables.get(name):
        return variables[name]
    if kind == "?":
        raise VariableMissing(f"{name}: {rest}")
    return rest if kind == "-" else ""
