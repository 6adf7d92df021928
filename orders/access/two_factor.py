"""The second factor of staff: the code of an authenticator app (TOTP, RFC 6238), beside the password."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice


def authenticator_of(user: AbstractBaseUser) -> TOTPDevice | None:
    """The user's authenticator, if one was set up."""
    return TOTPDevice.objects.devices_for_user(user, confirmed=True).first()


def verify(device: TOTPDevice, code: str) -> bool:
    """Whether ``code`` is this authenticator's of now. Each is taken once; wrong ones make the next wait."""
    with transaction.atomic():
        locked = TOTPDevice.objects.select_for_update().get(pk=device.pk)
        return code.isascii() and code.isdigit() and bool(locked.verify_token(code))


def set_up(user: AbstractBaseUser) -> str:
    """Give the user a new authenticator in place of any before; its URI, which holds the key."""
    remove(user)
    return str(TOTPDevice.objects.create(user=user, name="authenticator").config_url)


def remove(user: AbstractBaseUser) -> bool:
    """Whether the user had an authenticator, and has none now."""
    return bool(TOTPDevice.objects.filter(user=user).delete()[0])
