"""What a transaction cost the wallet that paid for it, by the node's record of it. Pure."""

from __future__ import annotations

from typing import Final

from solders.pubkey import Pubkey

from dex.rpc.answers import ExecutedTransaction
from dex.rpc.jito import TIP_ACCOUNTS
from dex.types import TransactionCost

# solana-fee-structure: lamports_per_signature.
LAMPORTS_PER_SIGNATURE: Final = 5_000
_TIP_ACCOUNTS: Final = tuple(str(account) for account in TIP_ACCOUNTS)


def cost_of(transaction: ExecutedTransaction, wallet: Pubkey) -> TransactionCost:
    """What ``wallet``, its fee payer, paid for a transaction that is in a block.

    One that failed has paid its fees and nothing else: tip and rent are read from balances, which it left
    as they were.
    """
    base_fee = min(transaction.fee, LAMPORTS_PER_SIGNATURE * transaction.signature_count)
    changes = transaction.lamport_changes
    opened = {balance.account for balance in transaction.token_balances_after if balance.owner == str(wallet)}
    opened -= {balance.account for balance in transaction.token_balances_before}
    return TransactionCost(
        base_fee=base_fee,
        priority_fee=transaction.fee - base_fee,
        tip=sum(changes.get(account, 0) for account in _TIP_ACCOUNTS),
        rent=sum(changes.get(account, 0) for account in opened),
    )
