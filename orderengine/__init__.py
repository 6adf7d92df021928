"""The project: settings, routes and processes. No domain word lives here."""

from orderengine.celery import app as celery_app

__all__ = ["celery_app"]
