"""What can keep an engine from starting."""

from __future__ import annotations


class CannotStartError(Exception):
    """The engine cannot start; the message is one line that tells the user what to change."""
