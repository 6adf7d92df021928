"""`manage.py create_token alice`: a bearer token for REST and WebSocket, shown this once."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from knox.models import AuthToken

from orders.access.permissions import let_trade, may_trade
from orders.models import TokenScope
from orders.records import audit

_DAYS: Final = 90
_MOST_DAYS: Final = 3650


class Command(BaseCommand):
    """The token alone goes to standard output, so that a script can read it; the rest to standard error."""

    help = "Make a bearer token for a user. It is stored as a hash and cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", metavar="USER", help="name of a user")
        parser.add_argument(
            "--days", type=_days, default=_DAYS, metavar="N", help=f"valid for, default {_DAYS}"
        )
        parser.add_argument(
            "--create",
            action="store_true",
            help="make the user if missing, without a password; who gets a token that trades may trade",
        )
        parser.add_argument(
            "--scope",
            choices=TokenScope.Scope.values,
            default=TokenScope.Scope.TRADE,
            help="what the token may do: read, also trade (default), also administer",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for a user that does not exist or may not act."""
        trades = options["scope"] != TokenScope.Scope.READ
        user = _find_user(options["user"], create=options["create"], trades=trades)
        if not user.is_active:
            raise CommandError(f"the user {user.get_username()} is switched off")
        with transaction.atomic():
            row, token = AuthToken.objects.create(user, expiry=timedelta(days=options["days"]))
            TokenScope.objects.create(token=row, scope=options["scope"])
            detail = f"scope {options['scope']}, {row.token_key[:8]}…, until {row.expiry:%Y-%m-%d}"
            audit.note(audit.on_the_command_line(), "token created", user.get_username(), detail)
        if trades and not may_trade(user):
            self.stderr.write(f"{user.get_username()} may not trade without the permission orders.trade")
        self.stderr.write(f"token of {user.get_username()}, valid until {row.expiry:%Y-%m-%d %H:%M} UTC:")
        self.stdout.write(token)


def _find_user(name: str, *, create: bool, trades: bool) -> AbstractBaseUser:
    user_model = get_user_model()
    user = user_model.objects.filter(**{user_model.USERNAME_FIELD: name}).first()
    if user is not None:
        return user
    if not create:
        raise CommandError(f"there is no user {name}; --create makes one")
    user = user_model(**{user_model.USERNAME_FIELD: name})
    user.set_unusable_password()
    try:
        user.full_clean()
    except ValidationError as error:
        raise CommandError(f"{name} cannot be a user's name: {' '.join(error.messages)}") from error
    user.save()
    if trades:
        let_trade(user)
    return user


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= _MOST_DAYS):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of days from 1 to {_MOST_DAYS}")
    return int(text)
