"""Token-2022 transfer fees and extensions."""

from __future__ import annotations

from struct import pack

import pytest

from dex.config import SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.errors import UnknownLayout, UnsupportedPool, WrongOwner
from dex.types import AccountData
from dex.venues.token_mint import (
    METADATA_POINTER,
    NO_TRANSFER_FEE,
    TRANSFER_FEE_CONFIG,
    TransferFee,
    transfer_fee,
)

ALLOWED = frozenset((TRANSFER_FEE_CONFIG, METADATA_POINTER))


def fee_config(older: tuple[int, int, int], newer: tuple[int, int, int]) -> bytes:
    return pack("<HH", 1, 108) + bytes(72) + pack("<QQH", *older) + pack("<QQH", *newer)


def mint(*records: bytes) -> AccountData:
    return AccountData(TOKEN_2022_PROGRAM, 1, bytes(165) + b"\x01" + b"".join(records))


def test_fee_is_rounded_up_and_capped() -> None:
    fee = TransferFee(bps=100, maximum=50)

    assert [fee.on_gross(amount) for amount in (0, 1, 100, 101, 4_901, 10_000)] == [0, 1, 1, 2, 50, 50]


def test_inverse_fee_makes_the_amount_arrive() -> None:
    for bps in (0, 1, 100, 3_333, 9_999):
        for maximum in (0, 7, 10**9):
            fee = TransferFee(bps, maximum)
            for net in (1, 2, 99, 100, 12_345, 10**9):
                gross = net + fee.on_net(net)
                assert gross - fee.on_gross(gross) == net, (bps, maximum, net)


def test_inverse_of_a_full_fee_is_the_maximum() -> None:
    assert TransferFee(10_000, 77).on_net(5) == 77
    assert TransferFee(10_000, 77).on_net(0) == 0


def test_the_newer_fee_holds_from_its_epoch() -> None:
    account = mint(fee_config((0, 10, 100), (900, 20, 200)))

    assert transfer_fee(account, 899, ALLOWED) == TransferFee(100, 10)
    assert transfer_fee(account, 900, ALLOWED) == TransferFee(200, 20)


def test_a_fee_is_found_behind_other_extensions() -> None:
    account = mint(pack("<HH", METADATA_POINTER, 64) + bytes(64), fee_config((0, 1, 2), (0, 3, 4)))

    assert transfer_fee(account, 0, ALLOWED) == TransferFee(4, 3)


def test_records_end_at_the_first_empty_one() -> None:
    account = mint(pack("<HH", 0, 0), fee_config((0, 1, 2), (0, 3, 4)))

    assert transfer_fee(account, 0, ALLOWED) is NO_TRANSFER_FEE


def test_classic_and_plain_mints_have_no_fee() -> None:
    assert transfer_fee(AccountData(TOKEN_PROGRAM, 1, bytes(82)), 0, ALLOWED) is NO_TRANSFER_FEE
    assert transfer_fee(AccountData(TOKEN_2022_PROGRAM, 1, bytes(82)), 0, ALLOWED) is NO_TRANSFER_FEE


def test_an_extension_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(UnsupportedPool, match="extension 9"):
        transfer_fee(mint(pack("<HH", 9, 0)), 0, ALLOWED)


def test_an_account_of_another_program_is_no_mint() -> None:
    with pytest.raises(WrongOwner):
        transfer_fee(AccountData(SYSTEM_PROGRAM, 1, bytes(82)), 0, ALLOWED)


@pytest.mark.parametrize(
    "data",
    [
        bytes(100),
        bytes(165) + b"\x02",
        bytes(165) + b"\x01" + pack("<HH", METADATA_POINTER, 65) + bytes(64),
        bytes(165) + b"\x01" + pack("<HH", TRANSFER_FEE_CONFIG, 107) + bytes(107),
    ],
    ids=["short", "token account", "record past the end", "fee record of another size"],
)
def test_bytes_that_are_no_token_2022_mint_are_refused(data: bytes) -> None:
    with pytest.raises(UnknownLayout):
        transfer_fee(AccountData(TOKEN_2022_PROGRAM, 1, data), 0, ALLOWED)
