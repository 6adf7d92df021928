"""RabbitMQ instead of Redis as Celery's broker; Redis stays for pushes and caches."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderengine.broker import transport_options
from orders.proving.soak.waiting import eventually
from tests.fleet.rabbitmq import SERVER, connection, rabbitmq
from tests.fleet.running import Fleet, FleetPlan

QUEUES = ("submit", "build", "route")


def test_each_transport_is_told_only_what_it_reads() -> None:
    for scheme in ("redis://h/0", "rediss://h/0", "redis+socket:///run/v.sock?virtual_host=0"):
        assert transport_options(scheme)["queue_order_strategy"] == "priority"
    for scheme in ("amqp://h//", "amqps://h//", "pyamqp://h//"):
        assert transport_options(scheme) == {"connect_timeout": 2, "write_timeout": 5}
    assert transport_options("memory://") == {}


@pytest.mark.e2e
@pytest.mark.skipif(not SERVER.exists(), reason="rabbitmq-server is not installed")
def test_orders_confirm_through_rabbitmq(tmp_path: Path) -> None:
    (tmp_path / "rabbit").mkdir()
    with rabbitmq(tmp_path / "rabbit") as port:
        variables = {"CELERY_BROKER_URL": f"amqp://guest:guest@127.0.0.1:{port}//"}
        fleet = Fleet(FleetPlan(tmp_path / "fleet", None, workers=2, variables=variables))
        try:
            fleet.start()
            client = fleet.clients[0]
            client.place_many(40)
            eventually(lambda: not fleet.checker.unfinished(client.accepted), 60, "all orders at their end")
            opened = connection(port)
            consumers = [opened.channel().queue_declare(name, passive=True)[2] for name in QUEUES]
            opened.close()
            assert consumers == [2, 2, 2]
            fleet.checker.verify(client.accepted)
        finally:
            fleet.stop()
