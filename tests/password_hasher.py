"""PBKDF2 as Django uses it, at a thousandth of its rounds: hashing a password takes a millisecond."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """Its hashes are valid for every process: their number of rounds is part of them."""

    iterations = 1_000
