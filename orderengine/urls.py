"""Routes of the project."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from orders.page import order_page

urlpatterns = [
    path("", order_page, name="order-page"),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("", include("orders.api.urls")),
]

handler400 = "orders.api.exceptions.bad_request"
handler403 = "orders.api.exceptions.permission_denied"
handler404 = "orders.api.exceptions.not_found"
handler500 = "orders.api.exceptions.server_error"
