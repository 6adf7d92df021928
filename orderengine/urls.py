"""Routes of the project."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from orders.api.page import order_page, page_asset

urlpatterns = [
    path("", order_page, name="order-page"),
    path("assets/<str:name>", page_asset, name="page-asset"),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("", include("orders.api.urls")),
]

handler400 = "orders.wire.errors.bad_request"
handler403 = "orders.wire.errors.permission_denied"
handler404 = "orders.wire.errors.not_found"
handler500 = "orders.wire.errors.server_error"
