"""``python -m dex.verify FILE…``: compare the adapters with recordings of the real programs.

Prints a line a kind and venue. Exit 0: all equal; 1: a difference; 2: a file that cannot be read or has
another format.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from dex.verify import batches, creations, instructions, splits, state_after, swaps, two_hops
from dex.verify.report import Reports, VectorFileError
from dex.verify.vector_file import Content, Kind, kind_of, read

_COMPARISONS: Final[Mapping[Kind, Callable[[Content, Reports], None]]] = {
    Kind.SWAPS: swaps.compare,
    Kind.INSTRUCTIONS: instructions.compare,
    Kind.BATCHES: batches.compare,
    Kind.TWO_HOPS: two_hops.compare,
    Kind.SPLITS: splits.compare,
    Kind.CREATIONS: creations.compare,
}


def _compare_file(path: Path, others: Sequence[Path], reports: Reports) -> None:
    content = read(path)
    kind = kind_of(content)
    if kind is Kind.STATE_AFTER:
        state_after.compare(content, state_after.cases_beside(path, others), reports)
    else:
        _COMPARISONS[kind](content, reports)


def main(arguments: Sequence[str]) -> int:
    """Compare every file and print the reports; returns the exit code."""
    if not arguments:
        print("usage: python -m dex.verify FILE…", file=sys.stderr)
        return 2
    reports, unreadable = Reports(), False
    paths = [Path(name) for name in arguments]
    for path in paths:
        try:
            _compare_file(path, paths, reports)
        except VectorFileError as error:
            print(f"{path}: {error}", file=sys.stderr)
            unreadable = True
    for report in reports:
        print("\n".join(report.lines()))
    if unreadable:
        return 2
    return int(any(report.differences for report in reports))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
