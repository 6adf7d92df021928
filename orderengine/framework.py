"""What Django, REST framework and drf-spectacular are given that no environment changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

PASSWORD_VALIDATORS: Final = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
AUTHENTICATION_BACKENDS: Final = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
REST: Final = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "orders.access.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
        "orders.access.authentication.LocalUserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["orders.wire.json.ExactJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["orders.access.throttles.RequestThrottle"],
    "EXCEPTION_HANDLER": "orders.wire.errors.error_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
OPENAPI: Final = {
    "TITLE": "Order Execution Engine",
    "DESCRIPTION": "Takes swap orders for Solana tokens, executes each exactly once, streams every step.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "CAMELIZE_NAMES": False,
    "PREPROCESSING_HOOKS": ["orders.api.schema_hooks.without_slash_twins"],
    "POSTPROCESSING_HOOKS": ["orders.api.schema_hooks.with_components"],
}


def installed_apps(*, is_runserver: bool) -> list[str]:
    """The applications, in their order."""
    return [
        # Serves `runserver`; all others do without its imports, 20 MB and a sixth of the CPU of a start.
        *(["daphne"] if is_runserver else []),
        "unfold",
        "unfold.contrib.filters",
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "axes",
        "django_otp",
        "django_otp.plugins.otp_totp",
        "channels",
        "rest_framework",
        "knox",
        "drf_spectacular",
        "drf_spectacular_sidecar",
        "corsheaders",
        "orderengine",
        "orders",
    ]


def middleware(*, is_traced: bool) -> list[str]:
    """What a request passes, outermost first."""
    return [
        *(["orders.telemetry.middleware.TracedRequests"] if is_traced else []),
        "orders.telemetry.request_ids.RequestIdMiddleware",
        "orderengine.security_headers.ContentSecurityPolicyMiddleware",
        "orderengine.known_hosts.KnownHostsMiddleware",
        "django.middleware.security.SecurityMiddleware",
        "orderengine.compressed_static.CompressedStaticMiddleware",
        "whitenoise.middleware.WhiteNoiseMiddleware",
        "corsheaders.middleware.CorsMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django_otp.middleware.OTPMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "axes.middleware.AxesMiddleware",
    ]


def templates(own: Path) -> list[dict[str, Any]]:
    """The template engine. ``own`` is looked into first: it has pages that replace the admin theme's."""
    return [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [own],
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ]
