"""Permissions of a record that only the engine writes, and that of the one change to it: to cancel."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


class ReadOnly:
    """Staff with the permission to view sees it; nobody adds, changes or deletes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Orders come in through the API."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only the journal writes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The record is kept."""
        return False


class MayCancel:
    """Cancelling as an action of a list."""

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """To cancel is the one change that the admin offers, so it takes the permission to change orders."""
        return bool(request.user.has_perm("orders.change_order"))
