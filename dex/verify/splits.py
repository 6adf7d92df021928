"""Recorded best splits of an amount over pools of one pair: compared once the engine searches for splits."""

from __future__ import annotations

from collections import Counter

from dex.verify.recording import FORMAT_ERRORS
from dex.verify.report import Reports, VectorFileError
from dex.verify.vector_file import Content, Kind


def compare(content: Content, reports: Reports) -> None:
    """Count the cases as skipped; raises VectorFileError for a case without its pools."""
    try:
        sets = Counter("+".join(pool["venue"] for pool in case["pools"]) for case in content["cases"])
    except FORMAT_ERRORS as error:
        raise VectorFileError(f"has a case in another format: {error!r}") from error
    for venues, cases in sets.items():
        reports.of(Kind.SPLITS, venues).skip("the engine does not split orders over pools yet", cases)
