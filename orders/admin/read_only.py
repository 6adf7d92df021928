"""Records that only the engine writes: who may do what, and those that have one page in place of a list."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


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


class OnePage(ReadOnly):
    """One page in place of a list, for those who may view its rows."""

    page_template: str
    # Of the admin that this is mixed into.
    admin_site: Any
    has_view_permission: Any

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page; raises PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self.page(request)

    def page(self, request: HttpRequest) -> HttpResponse:
        """The template with what `page_context` adds to that of every page."""
        context = self.admin_site.each_context(request) | self.page_context(request)
        return TemplateResponse(request, self.page_template, context)

    def page_context(self, request: HttpRequest) -> dict[str, Any]:
        """What the template shows; ``title`` is one of it."""
        raise NotImplementedError


class MayCancel:
    """Cancelling as an action of a list."""

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """To cancel is the one change that the admin offers, so it takes the permission to change orders."""
        return bool(request.user.has_perm("orders.change_order"))
