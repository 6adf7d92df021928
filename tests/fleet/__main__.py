"""Entry point of `python -m tests.fleet`; tests/fleet/measure.py says what it does."""

from __future__ import annotations

import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orderengine.settings")
    django.setup()
    from tests.fleet.measure import main

    sys.exit(main())
