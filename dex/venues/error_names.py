"""Names of the errors that programs under a swap return as numbers.

Sources: Anchor ``lang/src/error.rs``; spl-token and spl-token-2022 ``error.rs`` (the first twenty are the
same); solana-system-interface ``error.rs``; associated-token-account ``error.rs``. A venue's own numbers
stand with the venue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from solders.pubkey import Pubkey

from dex.config import ASSOCIATED_TOKEN_PROGRAM, SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM


def numbered(names: Iterable[str], first: int = 0) -> dict[int, str]:
    """``names`` by number, counted from ``first``."""
    return dict(enumerate(names, first))


ANCHOR: Final[Mapping[int, str]] = MappingProxyType(
    numbered(
        (
            "InstructionMissing",
            "InstructionFallbackNotFound",
            "InstructionDidNotDeserialize",
            "InstructionDidNotSerialize",
        ),
        100,
    )
    | numbered(
        (
            "ConstraintMut",
            "ConstraintHasOne",
            "ConstraintSigner",
            "ConstraintRaw",
            "ConstraintOwner",
            "ConstraintRentExempt",
            "ConstraintSeeds",
            "ConstraintExecutable",
            "ConstraintState",
            "ConstraintAssociated",
            "ConstraintAssociatedInit",
            "ConstraintClose",
            "ConstraintAddress",
            "ConstraintZero",
            "ConstraintTokenMint",
            "ConstraintTokenOwner",
            "ConstraintMintMintAuthority",
            "ConstraintMintFreezeAuthority",
            "ConstraintMintDecimals",
            "ConstraintSpace",
            "ConstraintAccountIsNone",
            "ConstraintTokenTokenProgram",
            "ConstraintMintTokenProgram",
            "ConstraintAssociatedTokenTokenProgram",
        ),
        2000,
    )
    | numbered(
        (
            "RequireViolated",
            "RequireEqViolated",
            "RequireKeysEqViolated",
            "RequireNeqViolated",
            "RequireKeysNeqViolated",
            "RequireGtViolated",
            "RequireGteViolated",
        ),
        2500,
    )
    | numbered(
        (
            "AccountDiscriminatorAlreadySet",
            "AccountDiscriminatorNotFound",
            "AccountDiscriminatorMismatch",
            "AccountDidNotDeserialize",
            "AccountDidNotSerialize",
            "AccountNotEnoughKeys",
            "AccountNotMutable",
            "AccountOwnedByWrongProgram",
            "InvalidProgramId",
            "InvalidProgramExecutable",
            "AccountNotSigner",
            "AccountNotSystemOwned",
            "AccountNotInitialized",
            "AccountNotProgramData",
            "AccountNotAssociatedTokenAccount",
            "AccountSysvarMismatch",
            "AccountReallocExceedsLimit",
            "AccountDuplicateReallocs",
        ),
        3000,
    )
    | numbered(
        ("DeclaredProgramIdMismatch", "TryingToInitPayerAsProgramAccount", "InvalidNumericConversion"), 4100
    )
)

_TOKEN: Final = (
    "NotRentExempt",
    "InsufficientFunds",
    "InvalidMint",
    "MintMismatch",
    "OwnerMismatch",
    "FixedSupply",
    "AlreadyInUse",
    "InvalidNumberOfProvidedSigners",
    "InvalidNumberOfRequiredSigners",
    "UninitializedState",
    "NativeNotSupported",
    "NonNativeHasBalance",
    "InvalidInstruction",
    "InvalidState",
    "Overflow",
    "AuthorityTypeNotSupported",
    "MintCannotFreeze",
    "AccountFrozen",
    "MintDecimalsMismatch",
    "NonNativeNotSupported",
)
_TOKEN_2022: Final = (
    *_TOKEN,
    "ExtensionTypeMismatch",
    "ExtensionBaseMismatch",
    "ExtensionAlreadyInitialized",
    "ConfidentialTransferAccountHasBalance",
    "ConfidentialTransferAccountNotApproved",
    "ConfidentialTransferDepositsAndTransfersDisabled",
    "ConfidentialTransferElGamalPubkeyMismatch",
    "ConfidentialTransferBalanceMismatch",
    "MintHasSupply",
    "NoAuthorityExists",
    "TransferFeeExceedsMaximum",
    "MintRequiredForTransfer",
    "FeeMismatch",
    "FeeParametersMismatch",
    "ImmutableOwner",
    "AccountHasWithheldTransferFees",
    "NoMemo",
    "NonTransferable",
    "NonTransferableNeedsImmutableOwnership",
    "MaximumPendingBalanceCreditCounterExceeded",
    "MaximumDepositAmountExceeded",
    "CpiGuardSettingsLocked",
    "CpiGuardTransferBlocked",
    "CpiGuardBurnBlocked",
    "CpiGuardCloseAccountBlocked",
    "CpiGuardApproveBlocked",
    "CpiGuardSetAuthorityBlocked",
    "CpiGuardOwnerChangeBlocked",
    "ExtensionNotFound",
    "NonConfidentialTransfersDisabled",
    "ConfidentialTransferFeeAccountHasWithheldFee",
    "InvalidExtensionCombination",
    "InvalidLengthForAlloc",
    "AccountDecryption",
    "ProofGeneration",
    "InvalidProofInstructionOffset",
    "HarvestToMintDisabled",
    "SplitProofContextStateAccountsNotSupported",
    "NotEnoughProofContextStateAccounts",
    "MalformedCiphertext",
    "CiphertextArithmeticFailed",
    "PedersenCommitmentMismatch",
    "RangeProofLengthMismatch",
    "IllegalBitLength",
    "FeeCalculation",
    "IllegalMintBurnConversion",
    "InvalidScale",
    "MintPaused",
    "PendingBalanceNonZero",
)
_SYSTEM: Final = (
    "AccountAlreadyInUse",
    "ResultWithNegativeLamports",
    "InvalidProgramId",
    "InvalidAccountDataLength",
    "MaxSeedLengthExceeded",
    "AddressWithSeedMismatch",
    "NonceNoRecentBlockhashes",
    "NonceBlockhashNotExpired",
    "NonceUnexpectedBlockhashValue",
)

# Of the programs that every swap calls beside the venue's own.
SHARED: Final[Mapping[Pubkey, Mapping[int, str]]] = MappingProxyType(
    {
        TOKEN_PROGRAM: MappingProxyType(numbered(_TOKEN)),
        TOKEN_2022_PROGRAM: MappingProxyType(numbered(_TOKEN_2022)),
        SYSTEM_PROGRAM: MappingProxyType(numbered(_SYSTEM)),
        ASSOCIATED_TOKEN_PROGRAM: MappingProxyType({0: "InvalidOwner"}),
    }
)
