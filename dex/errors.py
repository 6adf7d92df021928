"""Everything the library raises.

DexError                        code says what, retryable says whether asking again can help
├── AccountMissing              the chain has no account at that address
├── PoolRefused                 the pool cannot serve this request
│   ├── UnknownLayout           wrong size or discriminator: not the account we think it is
│   ├── WrongOwner              owned by another program than the venue's
│   ├── WrongMint               the pool does not trade this pair
│   ├── PoolDisabled            swaps are switched off, or not open yet, or a vault is frozen
│   └── UnsupportedPool         a feature that this adapter does not execute
├── NoQuote                     the pool's formula has no answer for this amount
│   ├── AmountTooSmall          fee or rounding leaves nothing
│   ├── InsufficientLiquidity   more than the pool holds, or past its price range
│   └── AmountTooLarge          a sum leaves the program's integer range
├── NoRoute                     no pool had a quote
├── UnknownInstruction          not a swap of the program, to the byte, that asked to decode it
├── PolicyViolation             a transaction that the signer must not sign
│   └── TransactionTooLarge     more bytes than the network takes
├── KeyUnavailable              no wallet key, or one that cannot be read safely
│   ├── SignerUnreachable       a service that holds the key did not sign: asking again is safe
│   └── WrongSigner             the key is not the wallet's
└── ChainError                  a node did not give an answer that can be used
    ├── ChainUnreachable        no answer: time-out, refused, reset, 5xx: outcome unknown
    ├── ChainBusy               429 or node behind: outcome unknown
    ├── ChainAnswerInvalid      an answer that is not JSON-RPC, or breaks its own contract
    ├── ChainRefused            the node understood and declined: wrong parameters, key or method
    └── WrongNetwork            the node belongs to another network than the one that is configured
"""

from __future__ import annotations

from typing import ClassVar


class DexError(Exception):
    """Base of all errors of the library."""

    code: ClassVar[str] = "DEX_ERROR"
    retryable: ClassVar[bool] = False


class AccountMissing(DexError):
    code = "ACCOUNT_MISSING"

    def __init__(self, address: object) -> None:
        super().__init__(f"no account at {address}")


class PoolRefused(DexError):
    code = "POOL_REFUSED"


class UnknownLayout(PoolRefused):
    code = "UNKNOWN_LAYOUT"


class WrongOwner(PoolRefused):
    code = "WRONG_OWNER"


class WrongMint(PoolRefused):
    code = "WRONG_MINT"


class PoolDisabled(PoolRefused):
    code = "POOL_DISABLED"


class UnsupportedPool(PoolRefused):
    code = "UNSUPPORTED_POOL"


class NoQuote(DexError):
    code = "NO_QUOTE"


class AmountTooSmall(NoQuote):
    code = "AMOUNT_TOO_SMALL"


class InsufficientLiquidity(NoQuote):
    code = "INSUFFICIENT_LIQUIDITY"


class AmountTooLarge(NoQuote):
    code = "AMOUNT_TOO_LARGE"


class NoRoute(DexError):
    code = "NO_ROUTE"


class UnknownInstruction(DexError):
    code = "UNKNOWN_INSTRUCTION"


class PolicyViolation(DexError):
    code = "POLICY_VIOLATION"


class TransactionTooLarge(PolicyViolation):
    code = "TRANSACTION_TOO_LARGE"


class KeyUnavailable(DexError):
    code = "KEY_UNAVAILABLE"


class SignerUnreachable(KeyUnavailable):
    code = "SIGNER_UNREACHABLE"
    retryable = True


class WrongSigner(KeyUnavailable):
    code = "WRONG_SIGNER"


class ChainError(DexError):
    code = "CHAIN_ERROR"
    retryable = True


class ChainUnreachable(ChainError):
    code = "CHAIN_UNREACHABLE"


class ChainBusy(ChainError):
    code = "CHAIN_BUSY"


class ChainAnswerInvalid(ChainError):
    code = "CHAIN_ANSWER_INVALID"


class ChainRefused(ChainError):
    code = "CHAIN_REFUSED"
    retryable = False


class WrongNetwork(ChainError):
    code = "CHAIN_WRONG_NETWORK"
    retryable = False
