#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys


def main() -> None:
    # Whatever a command makes is for its user only.
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orderengine.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{sys.argv[0]}: {error}")
    except OperationalError as error:
        if "--traceback" in sys.argv:
            raise
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        sys.exit(
            f"{sys.argv[0]}: the database cannot be used: {reason}\n"
            "DATA_DIR or DATABASE_URL must be the running engine's; `manage.py migrate` makes the tables."
        )


if __name__ == "__main__":
    main()
