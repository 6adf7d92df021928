"""Reading the ``params`` of a JSON-RPC request, with the node's refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.signature import Signature

from dex.localnet.blocks import Commitment
from dex.localnet.chain import Chain
from dex.localnet.errors import invalid_params, min_context_slot_not_reached

_U64_MAX: Final = (1 << 64) - 1


class Options:
    """The configuration object of a request."""

    def __init__(self, members: Mapping[str, object]) -> None:
        self._members = members

    def __contains__(self, name: str) -> bool:
        return self._members.get(name) is not None

    def value(self, name: str) -> object:
        """The member as it came; None when missing."""
        return self._members.get(name)

    def flag(self, name: str) -> bool:
        """A boolean member; false when missing."""
        found = self._members.get(name)
        if found is not None and not isinstance(found, bool):
            raise invalid_params(f"Invalid params: invalid type for `{name}`, expected a boolean.")
        return bool(found)

    def integer(self, name: str) -> int | None:
        """An unsigned integer member; None when missing."""
        found = self._members.get(name)
        return None if found is None else as_integer(found, name)

    def text(self, name: str) -> str | None:
        """A string member; None when missing."""
        found = self._members.get(name)
        if found is not None and not isinstance(found, str):
            raise invalid_params(f"Invalid params: invalid type for `{name}`, expected a string.")
        return found

    def options(self, name: str) -> Options | None:
        """An object member; None when missing."""
        found = self._members.get(name)
        return None if found is None else as_options(found)

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        """A string member that must be one of ``allowed``."""
        found = self.text(name)
        if found is None:
            return default
        if found not in allowed:
            variants = ", ".join(f"`{variant}`" for variant in allowed)
            raise invalid_params(f"Invalid params: unknown variant `{found}`, expected one of {variants}.")
        return found

    def commitment(self, name: str = "commitment") -> Commitment:
        """The commitment asked for; finalized when missing, as on a node."""
        return Commitment(self.choice(name, tuple(Commitment), Commitment.FINALIZED))


class Parameters:
    """The positional parameters of a request."""

    def __init__(self, values: Sequence[object]) -> None:
        self._values = values

    def value(self, index: int) -> object:
        """The parameter as it came; None when missing."""
        return self._values[index] if index < len(self._values) else None

    def required(self, index: int) -> object:
        """The parameter as it came; raises -32602 when missing."""
        if index >= len(self._values):
            raise invalid_params(f"`params` should have at least {index + 1} argument(s)")
        return self._values[index]

    def text(self, index: int) -> str:
        """A required string."""
        found = self.required(index)
        if not isinstance(found, str):
            raise invalid_params(f"Invalid params: invalid type: {_name(found)}, expected a string.")
        return found

    def integer(self, index: int) -> int:
        """A required unsigned integer."""
        return as_integer(self.required(index), "u64")

    def pubkey(self, index: int) -> Pubkey:
        """A required address."""
        return as_pubkey(self.text(index))

    def items(self, index: int, most: int, what: str) -> list[str]:
        """A required list of at most ``most`` strings."""
        found = self.required(index)
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise invalid_params(f"Invalid params: invalid type: {_name(found)}, expected a sequence.")
        if len(found) > most:
            raise invalid_params(f"Too many {what} provided; max {most}")
        return found

    def options(self, index: int) -> Options:
        """The configuration object; empty when missing."""
        found = self.value(index)
        return Options({}) if found is None else as_options(found)


def context_slot(chain: Chain, options: Options) -> int:
    """The slot of the bank that answers; raises -32016 when it is older than minContextSlot."""
    slot = chain.slot_at(options.commitment())
    demand_slot(slot, options)
    return slot


def demand_slot(slot: int, options: Options) -> None:
    """Raises -32016 when ``slot`` is before the caller's minContextSlot."""
    wanted = options.integer("minContextSlot")
    if wanted is not None and slot < wanted:
        raise min_context_slot_not_reached(slot)


def as_options(found: object) -> Options:
    """A configuration object; raises -32602."""
    if not isinstance(found, dict):
        raise invalid_params(
            f"Invalid params: invalid type: {_name(found)}, expected a configuration object."
        )
    return Options(found)


def as_integer(found: object, what: str) -> int:
    """An unsigned 64-bit integer; raises -32602."""
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= _U64_MAX:
        raise invalid_params(f"Invalid params: invalid value for {what}: {_name(found)}, expected u64.")
    return found


def as_pubkey(text: str) -> Pubkey:
    """An address; raises -32602."""
    try:
        return Pubkey.from_string(text)
    except ValueError:
        raise invalid_params("Invalid param: Invalid") from None


def as_signature(text: str) -> str:
    """A signature's text; raises -32602."""
    try:
        return str(Signature.from_string(text))
    except ValueError:
        raise invalid_params("Invalid param: Invalid") from None


def as_hash(text: str) -> Hash:
    """A blockhash; raises -32602."""
    try:
        return Hash.from_string(text)
    except ValueError:
        raise invalid_params("Invalid param: Invalid") from None


def _name(found: object) -> str:
    if found is None:
        return "null"
    return {dict: "map", list: "sequence", str: "string", bool: "boolean"}.get(type(found), str(found))
