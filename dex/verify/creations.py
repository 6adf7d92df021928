"""Recorded creations of pools: the engine reads no creations."""

from __future__ import annotations

from collections import Counter

from dex.verify.recording import FORMAT_ERRORS
from dex.verify.report import Reports, VectorFileError
from dex.verify.vector_file import Content, Kind


def compare(content: Content, reports: Reports) -> None:
    """Count the cases as skipped; raises VectorFileError for a case without its venue."""
    try:
        venues = Counter(str(case["venue"]) for case in content["cases"])
    except FORMAT_ERRORS as error:
        raise VectorFileError(f"has a case in another format: {error!r}") from error
    for venue, cases in venues.items():
        reports.of(Kind.CREATIONS, venue).skip("creations of pools are not read", cases)
