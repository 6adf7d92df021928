"""What bearer tokens may do, and the audit log."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class TokenScope(models.Model):
    """What a bearer token may do; a token without a row trades."""

    class Scope(models.TextChoices):
        READ = "read"
        TRADE = "trade"
        ADMIN = "admin"

    token = models.OneToOneField(
        "knox.AuthToken", models.CASCADE, primary_key=True, related_name="granted_scope"
    )
    scope = models.CharField(max_length=8, choices=Scope.choices)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(scope__in=["read", "trade", "admin"]), name="token_scope_known"
            ),
        ]

    def __str__(self) -> str:
        return self.scope


class AuditEntry(models.Model):
    """One change of what may be traded, or of who may trade: who did what, when, and from where."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=64)
    origin = models.CharField(max_length=64)
    action = models.CharField(max_length=32)
    subject = models.CharField(max_length=255, blank=True, default="")
    detail = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        ordering = ("-at", "-id")
        verbose_name_plural = "audit log"
        indexes: ClassVar = [models.Index(fields=("-at", "-id"), name="audit_newest")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}".strip()
