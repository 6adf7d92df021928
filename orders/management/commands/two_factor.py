"""`manage.py two_factor alice`: the key of an authenticator app for a user, shown this once."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from orders.access import two_factor
from orders.records import audit


class Command(BaseCommand):
    """The otpauth URI alone goes to standard output, so that a script can read it."""

    help = "Set up an authenticator app for a user, in place of any before, or remove it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", metavar="USER", help="name of a user")
        parser.add_argument("--remove", action="store_true", help="the password alone is enough again")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for a user that does not exist or has nothing to remove."""
        model = get_user_model()
        name = options["user"]
        user = model.objects.filter(**{model.USERNAME_FIELD: name}).first()
        if user is None:
            raise CommandError(f"there is no user {name}")
        with transaction.atomic():
            if options["remove"]:
                if not two_factor.remove(user):
                    raise CommandError(f"{name} has no authenticator")
                audit.note(audit.on_the_command_line(), "authenticator removed", name)
                return
            uri = two_factor.set_up(user)
            audit.note(audit.on_the_command_line(), "authenticator set up", name)
        self.stderr.write(f"authenticator of {name}: add this to the app, as a QR code or by its secret")
        self.stdout.write(uri)
