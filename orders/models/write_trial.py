"""The row that is written to find out whether the database takes writes."""

from __future__ import annotations

from django.db import models


class WriteTrial(models.Model):
    """One row at most; nothing reads it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"tried at {self.at}"
