"""A stage that hangs ends its process, and says where it hung."""

from __future__ import annotations

import pytest

from orders.pipeline.stage_limit import STAGE_SECONDS, StageLimit


def test_a_stage_that_hangs_ends_its_process(caplog: pytest.LogCaptureFixture) -> None:
    now, ended = 0.0, []
    limit = StageLimit(lambda: now, ended.append)
    with limit.running("route"):
        now = STAGE_SECONDS
        limit.enforce()
        assert ended == []
        now += 1
        limit.enforce()
    assert ended == [70]
    assert f"route has hung for {STAGE_SECONDS + 1} s" in caplog.text
    assert "test_a_stage_that_hangs_ends_its_process" in caplog.text


def test_a_stage_that_has_ended_is_forgotten() -> None:
    now, ended = 0.0, []
    limit = StageLimit(lambda: now, ended.append)
    with pytest.raises(ZeroDivisionError), limit.running("build"):
        raise ZeroDivisionError
    now = 10_000
    limit.enforce()
    assert ended == []
