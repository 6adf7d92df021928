"""The worker processes that run or have died lately."""

from __future__ import annotations

from django.db import models


class WorkerProcess(models.Model):
    """A worker that runs, or has died lately: `orders.records.workers` is the only writer.

    ``id`` is the first of its lease tokens; ``machine``, ``pid`` and ``started`` say which process it is,
    ``beats`` grows as long as it lives.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    name = models.CharField(max_length=255)
    machine = models.CharField(max_length=255, blank=True)
    pid = models.BigIntegerField()
    started = models.BigIntegerField()
    beats = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "worker processes"

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"
