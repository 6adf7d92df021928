"""`manage.py bench_triggers`: what it measures and prints."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command

from tests.orders.chain import TestChain


@pytest.mark.django_db
def test_bench_triggers_looks_at_so_many_orders(chain: TestChain) -> None:
    out = io.StringIO()
    call_command("bench_triggers", "--orders", "60", "--pairs", "2", "--looks", "2", stdout=out)
    printed = out.getvalue()
    assert "60 open orders over 2 pairs both ways, 8 pools" in printed
    assert [line.split(":")[0].strip() for line in printed.splitlines()[-3:]] == [
        "first look",
        "every pool changed",
        "nothing changed",
    ]
    assert "0 fired" in printed.splitlines()[-1]
