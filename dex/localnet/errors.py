"""Solana's JSON-RPC errors: codes, texts and data as a node gives them.

Codes: JSON-RPC 2.0 section 5.1, and agave rpc-client-api/src/custom_error.rs.
"""

from __future__ import annotations

from typing import Final

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
BLOCK_CLEANED_UP: Final = -32001
PREFLIGHT_FAILURE: Final = -32002
SIGNATURE_VERIFICATION_FAILURE: Final = -32003
BLOCK_NOT_AVAILABLE: Final = -32004
NODE_UNHEALTHY: Final = -32005
UNSUPPORTED_TRANSACTION_VERSION: Final = -32015
MIN_CONTEXT_SLOT_NOT_REACHED: Final = -32016
TOO_MANY_REQUESTS: Final = 429

# Display texts of solana-transaction-error for the errors that a client is likely to print.
_TRANSACTION_ERROR_TEXTS: Final = {
    "AccountInUse": "Account in use",
    "AccountLoadedTwice": "Account loaded twice",
    "AccountNotFound": "Attempt to debit an account but found no record of a prior credit.",
    "ProgramAccountNotFound": "Attempt to load a program that does not exist",
    "InsufficientFundsForFee": "Insufficient funds for fee",
    "InvalidAccountForFee": "This account may not be used to pay transaction fees",
    "AlreadyProcessed": "This transaction has already been processed",
    "BlockhashNotFound": "Blockhash not found",
    "InvalidProgramForExecution": "This program may not be used for executing instructions",
    "SanitizeFailure": "Transaction failed to sanitize accounts offsets correctly",
    "SignatureFailure": "Transaction did not pass signature verification",
    "AddressLookupTableNotFound": "Transaction loads an address table account that doesn't exist",
}


class RpcError(Exception):
    """What a JSON-RPC answer carries instead of a result."""

    def __init__(self, code: int, message: str, data: object = None, *, http_status: int = 200) -> None:
        """``http_status`` is 200 in answers of a node; a proxy before it may give another."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data
        self.http_status = http_status

    def as_object(self) -> dict[str, object]:
        """The ``error`` member of the answer."""
        found: dict[str, object] = {"code": self.code, "message": self.message}
        if self.data is not None:
            found["data"] = self.data
        return found


class LedgerRefused(Exception):
    """A ledger folder that this network cannot go on from."""


class UnusableProgram(Exception):
    """A program account whose code this virtual machine does not run."""


class ForkRefused(Exception):
    """A parent network that cannot be forked as it was asked for."""


class ScenarioRefused(Exception):
    """A scenario file that cannot be played."""


def invalid_params(message: str) -> RpcError:
    """-32602: a parameter that cannot be read."""
    return RpcError(INVALID_PARAMS, message)


def method_not_found() -> RpcError:
    """-32601."""
    return RpcError(METHOD_NOT_FOUND, "Method not found")


def min_context_slot_not_reached(context_slot: int) -> RpcError:
    """-32016: this node's bank is older than the caller demands."""
    return RpcError(
        MIN_CONTEXT_SLOT_NOT_REACHED,
        "Minimum context slot has not been reached",
        {"contextSlot": context_slot},
    )


def signature_verification_failure() -> RpcError:
    """-32003."""
    return RpcError(SIGNATURE_VERIFICATION_FAILURE, "Transaction signature verification failure")


def preflight_failure(simulation: dict[str, object]) -> RpcError:
    """-32002 with the simulation's outcome as data; ``simulation["err"]`` is Solana's JSON error."""
    text = transaction_error_text(simulation["err"])
    return RpcError(PREFLIGHT_FAILURE, f"Transaction simulation failed: {text}", simulation)


def airdrop_limit_reached() -> RpcError:
    """What devnet's public endpoint answers when an address has had its share: HTTP 429 and code 429."""
    return RpcError(
        TOO_MANY_REQUESTS,
        "You've either reached your airdrop limit today or the airdrop faucet has run dry. "
        "Please visit https://faucet.solana.com for alternate sources of test SOL",
        http_status=TOO_MANY_REQUESTS,
    )


def node_is_behind(slots: int) -> RpcError:
    """-32005 of a node that knows that it lags."""
    return RpcError(NODE_UNHEALTHY, f"Node is behind by {slots} slots", {"numSlotsBehind": slots})


def block_not_available(slot: int) -> RpcError:
    """-32004."""
    return RpcError(BLOCK_NOT_AVAILABLE, f"Block not available for slot {slot}")


def block_cleaned_up(slot: int, first_available: int) -> RpcError:
    """-32001: pruned."""
    return RpcError(
        BLOCK_CLEANED_UP,
        f"Block {slot} cleaned up, does not exist on node. First available block: {first_available}",
    )


def unsupported_transaction_version(version: int) -> RpcError:
    """-32015: the caller did not say that it can read versioned transactions."""
    return RpcError(
        UNSUPPORTED_TRANSACTION_VERSION,
        f"Transaction version ({version}) is not supported by the requesting client. Please try the request "
        f'again with the following configuration parameter: "maxSupportedTransactionVersion": {version}',
    )


def transaction_error_text(error: object) -> str:
    """The text a node prints for a transaction error given in its JSON form."""
    if isinstance(error, str):
        return _TRANSACTION_ERROR_TEXTS.get(error, error)
    if isinstance(error, dict) and "InstructionError" in error:
        index, reason = error["InstructionError"]
        return f"Error processing Instruction {index}: {_instruction_error_text(reason)}"
    return str(error)


def _instruction_error_text(reason: object) -> str:
    if isinstance(reason, dict) and "Custom" in reason:
        return f"custom program error: {reason['Custom']:#x}"
    return str(reason)
