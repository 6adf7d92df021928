"""JSON-RPC methods about the node, slots, blockhashes and fees."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Final

from solders.message import Message, MessageV0, from_bytes_versioned

from dex.config import COMPUTE_BUDGET_PROGRAM
from dex.localnet.account_methods import API_VERSION, with_context
from dex.localnet.blockhashes import BLOCKHASH_LIFE
from dex.localnet.blocks import Commitment
from dex.localnet.chain import Chain
from dex.localnet.errors import block_cleaned_up, block_not_available, invalid_params, node_is_behind
from dex.localnet.parameters import Parameters, as_hash, context_slot

_LAMPORTS_PER_SIGNATURE: Final = 5_000
_MICRO_LAMPORTS: Final = 1_000_000
_DEFAULT_UNITS: Final = 200_000  # agave: DEFAULT_INSTRUCTION_COMPUTE_UNIT_LIMIT
_MOST_UNITS: Final = 1_400_000
_SET_UNIT_LIMIT: Final = 2
_SET_UNIT_PRICE: Final = 3
_HEALTHY_SLOTS_BEHIND: Final = 128  # agave: DELINQUENT_VALIDATOR_SLOT_DISTANCE
_FEATURE_SET: Final = 0x10CA1


def get_health(chain: Chain, _parameters: Parameters) -> object:
    """Well, unless this node is made to lag; raises -32005 then, from the distance on that a node minds."""
    behind = chain.slot - chain.slot_at(Commitment.PROCESSED)
    if behind > _HEALTHY_SLOTS_BEHIND:
        raise node_is_behind(behind)
    return "ok"


def get_version(_chain: Chain, _parameters: Parameters) -> object:
    """The version of the API that is spoken here."""
    return {"solana-core": API_VERSION, "feature-set": _FEATURE_SET}


def get_genesis_hash(chain: Chain, _parameters: Parameters) -> object:
    """The hash of this network's genesis."""
    return str(chain.genesis_hash)


def get_slot(chain: Chain, parameters: Parameters) -> object:
    """The slot at a commitment; also the block height, as no slot is skipped."""
    return context_slot(chain, parameters.options(0))


def get_transaction_count(chain: Chain, parameters: Parameters) -> object:
    """Transactions since genesis."""
    context_slot(chain, parameters.options(0))
    return chain.transaction_count


def get_first_available_block(chain: Chain, _parameters: Parameters) -> object:
    """The oldest slot in the ledger."""
    return chain.ledger.first_slot()


def get_latest_blockhash(chain: Chain, parameters: Parameters) -> object:
    """The newest blockhash and the last block height it is valid at."""
    options = parameters.options(0)
    slot = context_slot(chain, options)
    blockhash, last_valid = chain.latest_blockhash(options.commitment())
    return with_context(slot, {"blockhash": str(blockhash), "lastValidBlockHeight": last_valid})


def is_blockhash_valid(chain: Chain, parameters: Parameters) -> object:
    """Whether a transaction on this blockhash can still land."""
    blockhash = as_hash(parameters.text(0))
    options = parameters.options(1)
    slot = context_slot(chain, options)
    return with_context(slot, chain.is_blockhash_valid(blockhash, options.commitment()))


def get_block_time(chain: Chain, parameters: Parameters) -> object:
    """Wall time of a slot in seconds since the epoch."""
    slot = parameters.integer(0)
    found = chain.block_time(slot)
    if found is not None:
        return found
    first = chain.ledger.first_slot()
    raise block_cleaned_up(slot, first) if slot < first else block_not_available(slot)


def get_epoch_info(chain: Chain, parameters: Parameters) -> object:
    """Where in its epoch the chain is."""
    epochs = chain.bank.epochs
    slot = context_slot(chain, parameters.options(0))
    return {
        "absoluteSlot": slot,
        "blockHeight": slot,
        "epoch": epochs.at(slot),
        "slotIndex": epochs.index(slot),
        "slotsInEpoch": epochs.length,
        "transactionCount": chain.transaction_count,
    }


def get_fee_for_message(chain: Chain, parameters: Parameters) -> object:
    """The fee of a message in lamports; null when its blockhash is not valid."""
    options = parameters.options(1)
    try:
        message = from_bytes_versioned(b64decode(parameters.text(0), validate=True))
    except (ValueError, binascii.Error) as error:
        raise invalid_params(f"failed to deserialize message: {error}") from None
    if not isinstance(message, Message | MessageV0):
        raise invalid_params("invalid transaction: unsupported message version")
    slot = context_slot(chain, options)
    known = chain.is_blockhash_valid(message.recent_blockhash, options.commitment())
    return with_context(slot, message_fee(message) if known else None)


def get_recent_prioritization_fees(chain: Chain, _parameters: Parameters) -> object:
    """The least priority fee that got a transaction in, by slot: nothing, as blocks are never full."""
    newest = chain.slot_at(Commitment.CONFIRMED)
    first = max(chain.ledger.first_slot(), newest - BLOCKHASH_LIFE + 1)
    return [{"slot": slot, "prioritizationFee": 0} for slot in range(first, newest + 1)]


def message_fee(message: Message | MessageV0) -> int:
    """Lamports: 5,000 a signature plus unit price times unit limit, rounded up (agave solana-fee)."""
    price, limit, others = 0, None, 0
    for instruction in message.instructions:
        if message.account_keys[instruction.program_id_index] != COMPUTE_BUDGET_PROGRAM:
            others += 1
        elif instruction.data[:1] == bytes([_SET_UNIT_PRICE]):
            price = int.from_bytes(instruction.data[1:9], "little")
        elif instruction.data[:1] == bytes([_SET_UNIT_LIMIT]):
            limit = int.from_bytes(instruction.data[1:5], "little")
    units = min(_MOST_UNITS, others * _DEFAULT_UNITS if limit is None else limit)
    signatures = message.header.num_required_signatures * _LAMPORTS_PER_SIGNATURE
    return signatures + -(-price * units // _MICRO_LAMPORTS)


METHODS: Final[Mapping[str, Callable[[Chain, Parameters], object]]] = {
    "getHealth": get_health,
    "getVersion": get_version,
    "getGenesisHash": get_genesis_hash,
    "getSlot": get_slot,
    "getBlockHeight": get_slot,
    "getTransactionCount": get_transaction_count,
    "getFirstAvailableBlock": get_first_available_block,
    "minimumLedgerSlot": get_first_available_block,
    "getLatestBlockhash": get_latest_blockhash,
    "isBlockhashValid": is_blockhash_valid,
    "getBlockTime": get_block_time,
    "getEpochInfo": get_epoch_info,
    "getFeeForMessage": get_fee_for_message,
    "getRecentPrioritizationFees": get_recent_prioritization_fees,
}
