"""Percentiles, rates and the text of a benchmark's report."""

from __future__ import annotations

import pytest

from orders.proving.benchmark.chain_check import Check
from orders.proving.benchmark.figures import Figures, Spread, figures, percentile, spread
from orders.proving.benchmark.load import ACCEPTED, Sample
from orders.proving.benchmark.processes import ProcessUsage
from orders.proving.benchmark.records import OrderRecord
from orders.proving.benchmark.report import Report


def record(
    order_id: str, status: str, submitted: float | None, confirmed: float | None, code: str = ""
) -> OrderRecord:
    return OrderRecord(order_id, status, code, "", "SOL", "USDC", 0, 0, 0, 0, submitted, confirmed)


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (95, 95), (99, 99), (100, 100), (1, 1)])
def test_percentile_is_the_nearest_rank(percent: int, value: int) -> None:
    assert percentile(list(range(1, 101)), percent) == value


def test_percentiles_of_one_value_are_that_value() -> None:
    assert spread([7.04]) == Spread(1, 7.0, 7.0, 7.0)


def test_nothing_measured_has_no_spread() -> None:
    assert spread([]) is None


def test_figures_count_from_the_first_post() -> None:
    samples = [
        Sample("a", 100.0, 20.0, ACCEPTED),
        Sample("b", 100.5, 500.0, ACCEPTED),
        Sample("", 100.2, 1.0, "TOO_MANY_REQUESTS"),
    ]
    records = [record("a", "confirmed", 100.25, 102.0), record("b", "failed", None, None, "NO_ROUTE")]
    assert figures(samples, records) == Figures(
        posted=3,
        accept=Spread(2, 20.0, 500.0, 500.0),
        accepted_per_second=2.0,
        to_submitted=Spread(1, 250.0, 250.0, 250.0),
        to_confirmed=Spread(1, 2000.0, 2000.0, 2000.0),
        confirmed_per_second=0.5,
        answers={ACCEPTED: 2, "TOO_MANY_REQUESTS": 1},
        outcomes={"confirmed": 1, "failed NO_ROUTE": 1},
    )


def test_a_run_that_posted_nothing_has_no_rates() -> None:
    assert figures([], []) == Figures(0, None, 0.0, None, None, 0.0, {}, {})


def test_the_report_shows_figures_cpu_per_order_and_checks() -> None:
    found = Figures(2, Spread(2, 1.5, 2.0, 1234.5), 40.0, None, None, 0.0, {ACCEPTED: 2}, {})
    checks = [Check("all swapped", True, "2 orders"), Check("sums", False, "+1; wrong: expected +2")]
    report = Report("2 cores", "2 orders", found, [ProcessUsage("web", 1, 9, 80)], checks)
    assert report.lines() == [
        "machine               2 cores",
        "load                  2 orders",
        "accept                p50 1.5  p95 2.0  p99 1,234.5 ms   40.0 orders/s",
        "POST to submitted     none",
        "POST to confirmed     none   0.0 orders/s",
        "answers               ACCEPTED 2",
        "outcomes              none",
        "process              count  CPU ms/order  peak MiB each",
        "  web                    1          4.50             80",
        "  all" + " " * 31 + "4.50",
        "PASS  all swapped (2 orders)",
        "FAIL  sums (+1; wrong: expected +2)",
    ]
    assert not report.passed
    assert report.as_data()["figures"]["accept"] == {"count": 2, "p50": 1.5, "p95": 2.0, "p99": 1234.5}
