"""Builds the stand-in programs from source: ``python -m dex.localnet.programs.build``.

Needs clang 19 (``apt-get install clang-19``) and pyelftools. The same compiler gives the same bytes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from dex.localnet.programs import STAND_INS
from dex.localnet.programs.link import link

COMPILER: Final = "clang-19"
SOURCES: Final = Path(__file__).parent / "src"
TARGETS: Final = {SOURCES / f"{stand_in.name}.c": stand_in.file for stand_in in STAND_INS}

# Frames of 4 KiB and no 32-bit jumps are what SBPF version 0 has; jump tables would be writable data.
_FLAGS: Final = (
    *("-target", "bpfel", "-mcpu=v2", "-mllvm", "-bpf-stack-size=4096"),
    *("-Os", "-std=c11", "-ffreestanding", "-fno-builtin", "-fno-jump-tables", "-fno-ident"),
    *("-Wall", "-Wextra", "-Werror", "-Wno-unused-function"),
)


def build(source: Path) -> bytes:
    """Compile and link one program; raises CalledProcessError or LinkError."""
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / "program.o"
        command = [COMPILER, *_FLAGS, "-c", source.name, "-o", str(target)]
        subprocess.run(command, cwd=source.parent, check=True)  # noqa: S603
        return link(target.read_bytes())


def main() -> None:
    for source, target in TARGETS.items():
        program = build(source)
        target.write_bytes(program)
        sys.stdout.write(f"{target.name}: {len(program)} bytes\n")


if __name__ == "__main__":
    main()
