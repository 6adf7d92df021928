"""Who may sign in, and whose tokens there are. A token itself is never stored, so it cannot be shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django_otp.plugins.otp_totp.models import TOTPDevice
from knox.models import AuthToken
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from orders.admin import listing
from orders.admin.actor import actor
from orders.admin.filters import DayFilter
from orders.admin.read_only import ReadOnly
from orders.models import AuditEntry, TokenScope
from orders.records import audit

# Of an authenticator the admin would show the key.
for _model in (User, Group, AuthToken, TOTPDevice):
    admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]
    pass


@admin.register(AuthToken)
class TokenAdmin(ModelAdmin):  # type: ignore[misc]
    """Tokens are made on the command line (`manage.py create_token`); here they can be ended."""

    list_display = ("beginning", "user", "scope", "created", "expiry")
    list_select_related = ("user", "granted_scope")
    search_fields = ("user__username",)
    fields = readonly_fields = ("beginning", "user", "scope", "created", "expiry")

    @admin.display(description="token begins with", ordering="token_key")
    def beginning(self, token: AuthToken) -> str:
        """Enough to tell tokens apart."""
        return f"{token.token_key[:8]}…"

    @admin.display(description="may")
    def scope(self, token: AuthToken) -> str:
        """What the token may do; those from before there were scopes trade."""
        granted = getattr(token, "granted_scope", None)
        return granted.scope if granted else TokenScope.Scope.TRADE.value

    def delete_model(self, request: HttpRequest, obj: AuthToken) -> None:
        """End a token, with an entry in the audit log."""
        _note_end(request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AuthToken]) -> None:
        """End tokens, with an entry for each."""
        for token in queryset.select_related("user"):
            _note_end(request, token)
        super().delete_queryset(request, queryset)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Made on the command line."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token is ended, not changed."""
        return False


def _note_end(request: HttpRequest, token: AuthToken) -> None:
    by = actor(request)
    audit.note(by, "token ended", token.user.get_username(), f"{token.token_key[:8]}…")


@admin.register(AuditEntry)
class AuditLogAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """Who changed what may be traded, and who may trade."""

    list_display = ("at", "actor", "origin", "action", "subject", "detail")
    list_filter = ("action", ("at", DayFilter))
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    paginator = listing.BoundedPaginator
    search_fields = ("actor", "origin", "action", "subject", "detail")
    search_help_text = "who, from where, what was done, to what, why"
