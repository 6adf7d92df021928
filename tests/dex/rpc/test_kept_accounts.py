"""Accounts that have not changed are the same objects, and every change is read."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from solders.pubkey import Pubkey

from dex.rpc.kept_accounts import KeptAccounts

OWNER = Pubkey.new_unique()
KEYS = [Pubkey.new_unique(), Pubkey.new_unique()]


def entry(data: bytes, lamports: int = 7, owner: Pubkey = OWNER) -> dict[str, Any]:
    text = base64.b64encode(data).decode()
    return {"data": [text, "base64"], "lamports": lamports, "owner": str(owner), "executable": False}


def test_an_account_that_is_the_same_is_the_same_object() -> None:
    kept = KeptAccounts()
    first = kept.read(KEYS, [entry(b"one"), None])
    again = kept.read(KEYS, [entry(b"one"), None])
    assert first[KEYS[0]] is again[KEYS[0]]
    assert again[KEYS[1]] is None


@pytest.mark.parametrize(
    "changed", [entry(b"two"), entry(b"one", lamports=8), entry(b"one", owner=Pubkey.new_unique())]
)
def test_every_change_is_read(changed: dict[str, Any]) -> None:
    kept = KeptAccounts()
    kept.read(KEYS[:1], [entry(b"one")])
    account = kept.read(KEYS[:1], [changed])[KEYS[0]]
    assert account is not None
    assert account.data == base64.b64decode(changed["data"][0])
    assert (account.lamports, str(account.owner)) == (changed["lamports"], changed["owner"])


def test_an_account_that_went_and_came_back_is_there() -> None:
    kept = KeptAccounts()
    kept.read(KEYS[:1], [entry(b"one")])
    assert kept.read(KEYS[:1], [None])[KEYS[0]] is None
    account = kept.read(KEYS[:1], [entry(b"one")])[KEYS[0]]
    assert account is not None
    assert account.data == b"one"
