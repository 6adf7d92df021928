"""JSON-RPC methods that send, simulate and look up transactions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from dex.localnet.account_methods import with_context
from dex.localnet.bank import Simulation
from dex.localnet.blocks import Commitment
from dex.localnet.chain import Chain
from dex.localnet.encoding import account_json, decode_transaction, transaction_json
from dex.localnet.errors import invalid_params, preflight_failure, signature_verification_failure
from dex.localnet.execution import inner_instructions_json, return_data_json, status_json
from dex.localnet.faucet import airdrop_transaction
from dex.localnet.parameters import (
    Options,
    Parameters,
    as_pubkey,
    as_signature,
    context_slot,
    demand_slot,
)
from dex.localnet.statuses import LandedStatus

_MOST_SIGNATURES: Final = 256
_MOST_LISTED: Final = 1_000
_WIRE_ENCODINGS: Final = ("base58", "base64")


def send_transaction(chain: Chain, parameters: Parameters) -> object:
    """Takes a signed transaction; raises -32003 on a bad signature, -32002 when preflight refuses it.

    maxRetries is accepted and needs nothing: the only leader is this node.
    """
    options = parameters.options(1)
    transaction = _read_transaction(parameters, options)
    skip_preflight = options.flag("skipPreflight")
    commitment = options.commitment("preflightCommitment")
    options.integer("maxRetries")
    if not all(transaction.verify_with_results()):
        raise signature_verification_failure()
    if not skip_preflight:
        demand_slot(chain.slot_at(commitment), options)
        _preflight(chain, transaction, commitment)
    chain.execute(transaction)
    return str(transaction.signatures[0])


def simulate_transaction(chain: Chain, parameters: Parameters) -> object:
    """Runs a transaction without keeping its effects."""
    options = parameters.options(1)
    transaction = _read_transaction(parameters, options)
    slot = context_slot(chain, options)
    replace, verify = options.flag("replaceRecentBlockhash"), options.flag("sigVerify")
    if replace and verify:
        raise invalid_params("sigVerify may not be used with replaceRecentBlockhash")
    if verify and not all(transaction.verify_with_results()):
        raise signature_verification_failure()
    commitment = options.commitment()
    refusal = None if replace else chain.refusal(transaction, commitment)
    simulation = None if refusal else chain.simulate(transaction)
    value = simulation_json(simulation, refusal)
    if simulation is not None and options.flag("innerInstructions"):
        value["innerInstructions"] = inner_instructions_json(simulation.outcome)
    if replace:
        blockhash, last_valid = chain.latest_blockhash(commitment)
        value["replacementBlockhash"] = {"blockhash": str(blockhash), "lastValidBlockHeight": last_valid}
    value["accounts"] = _simulated_accounts(chain, simulation, options)
    return with_context(slot, value)


def get_signature_statuses(chain: Chain, parameters: Parameters) -> object:
    """Statuses of up to 256 signatures, null where the node knows none.

    Without searchTransactionHistory only the recent status cache is asked, as on a node.
    """
    texts = parameters.items(0, _MOST_SIGNATURES, "inputs")
    signatures = [as_signature(text) for text in texts]
    look_up = chain.status_in_history
    if not parameters.options(1).flag("searchTransactionHistory"):
        look_up = chain.recent_status
    found = [look_up(signature) for signature in signatures]
    newest = chain.slot_at(Commitment.PROCESSED)
    return with_context(newest, [status and _status_json(chain, status) for status in found])


def get_transaction(chain: Chain, parameters: Parameters) -> object:
    """A landed transaction with its meta; null when it is unknown at this commitment."""
    signature = as_signature(parameters.text(0))
    options = _transaction_options(parameters)
    record = chain.transaction(signature, _settled_commitment(options))
    return transaction_json(record, options) if record else None


def get_signatures_for_address(chain: Chain, parameters: Parameters) -> object:
    """Signatures of the landed transactions that name an address, newest first."""
    address = parameters.pubkey(0)
    options = parameters.options(1)
    limit = options.integer("limit") or _MOST_LISTED
    if limit > _MOST_LISTED:
        raise invalid_params(f"Invalid limit; max {_MOST_LISTED}")
    commitment = _settled_commitment(options)
    before, until = options.text("before"), options.text("until")
    records = chain.transactions_mentioning(address, commitment, before, until, limit)
    return [
        {
            "signature": record.signature,
            "slot": record.slot,
            "err": record.error,
            "memo": None,
            "blockTime": record.block_time,
            "confirmationStatus": confirmation_status(chain, record.slot),
        }
        for record in records
    ]


def request_airdrop(chain: Chain, parameters: Parameters) -> object:
    """Sends lamports from the network's faucet; the signature of the transfer."""
    recipient, lamports = parameters.pubkey(0), parameters.integer(1)
    blockhash, _ = chain.latest_blockhash(Commitment.PROCESSED)
    transaction = airdrop_transaction(recipient, lamports, blockhash, chain.transaction_count)
    _preflight(chain, transaction, Commitment.PROCESSED)
    chain.execute(transaction)
    return str(transaction.signatures[0])


def simulation_json(simulation: Simulation | None, refusal: str | None) -> dict[str, object]:
    """RpcSimulateTransactionResult; without a simulation, that of a transaction that was not loaded."""
    value: dict[str, object] = {
        "err": refusal,
        "logs": [],
        "accounts": None,
        "unitsConsumed": 0,
        "returnData": None,
        "innerInstructions": None,
        "replacementBlockhash": None,
    }
    if simulation is not None:
        value["err"] = simulation.error
        value["logs"] = simulation.outcome.logs()
        value["unitsConsumed"] = simulation.outcome.compute_units_consumed()
        value["returnData"] = return_data_json(simulation.outcome)
    return value


def confirmation_status(chain: Chain, slot: int) -> str:
    """The highest commitment that ``slot`` has reached."""
    reached = (level for level in reversed(Commitment) if slot <= chain.slot_at(level))
    return next(reached, Commitment.PROCESSED).value


def _read_transaction(parameters: Parameters, options: Options) -> VersionedTransaction:
    encoding = options.choice("encoding", _WIRE_ENCODINGS, "base58")
    return decode_transaction(parameters.text(0), encoding)


def _preflight(chain: Chain, transaction: VersionedTransaction, commitment: Commitment) -> None:
    refusal = chain.refusal(transaction, commitment)
    if refusal is not None:
        raise preflight_failure(simulation_json(None, refusal))
    simulation = chain.simulate(transaction)
    if simulation.error is not None:
        raise preflight_failure(simulation_json(simulation, None))


def _simulated_accounts(chain: Chain, simulation: Simulation | None, options: Options) -> list[object] | None:
    wanted = options.options("accounts")
    if wanted is None:
        return None
    addresses = wanted.value("addresses")
    if not isinstance(addresses, list):
        raise invalid_params("Invalid params: missing field `addresses`.")
    if wanted.choice("encoding", ("base64", "jsonParsed", "base58"), "base64") == "base58":
        raise invalid_params("base58 encoding not supported")
    if simulation is None or simulation.error is not None:
        return [None] * len(addresses)
    return [_account_after(chain, simulation, as_pubkey(str(text)), wanted) for text in addresses]


def _account_after(chain: Chain, simulation: Simulation, address: Pubkey, options: Options) -> object:
    account = simulation.accounts_after.get(address) or chain.account(address, Commitment.PROCESSED)
    return account_json(chain.bank, account, options) if account else None


def _status_json(chain: Chain, status: LandedStatus) -> dict[str, object]:
    finalized = status.slot <= chain.slot_at(Commitment.FINALIZED)
    return {
        "slot": status.slot,
        "confirmations": None if finalized else chain.slot_at(Commitment.PROCESSED) - status.slot,
        "err": status.error,
        "status": status_json(status.error),
        "confirmationStatus": confirmation_status(chain, status.slot),
    }


def _transaction_options(parameters: Parameters) -> Options:
    # A bare string in place of the configuration is the encoding: old clients send it so.
    second = parameters.value(1)
    return Options({"encoding": second}) if isinstance(second, str) else parameters.options(1)


def _settled_commitment(options: Options) -> Commitment:
    commitment = options.commitment()
    if commitment is Commitment.PROCESSED:
        raise invalid_params("Method does not support commitment below `confirmed`")
    return commitment


METHODS: Final[Mapping[str, Callable[[Chain, Parameters], object]]] = {
    "sendTransaction": send_transaction,
    "simulateTransaction": simulate_transaction,
    "getSignatureStatuses": get_signature_statuses,
    "getTransaction": get_transaction,
    "getSignaturesForAddress": get_signatures_for_address,
    "requestAirdrop": request_airdrop,
}
