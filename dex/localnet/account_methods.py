"""JSON-RPC methods that read accounts."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from solders.account import Account
from solders.pubkey import Pubkey

from dex import base58
from dex.localnet.chain import Chain
from dex.localnet.encoding import account_json
from dex.localnet.errors import invalid_params
from dex.localnet.parameters import Options, Parameters, as_options, as_pubkey, context_slot
from dex.localnet.token_accounts import (
    TOKEN_PROGRAMS,
    TokenAccount,
    read_mint,
    read_token_account,
    ui_token_amount,
)

Predicate = Callable[[Account], bool]
_MOST_ACCOUNTS: Final = 100
_MOST_FILTERS: Final = 4
_MOST_HOLDERS: Final = 20
_MOST_MEMCMP_BYTES: Final = 128
API_VERSION: Final = "2.3.0"


def with_context(slot: int, value: object) -> dict[str, object]:
    """An answer with the slot it was read at."""
    return {"context": {"slot": slot, "apiVersion": API_VERSION}, "value": value}


def get_account_info(chain: Chain, parameters: Parameters) -> object:
    """One account, or null."""
    options = parameters.options(1)
    slot = context_slot(chain, options)
    account = chain.bank.account(parameters.pubkey(0), slot)
    return with_context(slot, account_json(chain.bank, account, options) if account else None)


def get_multiple_accounts(chain: Chain, parameters: Parameters) -> object:
    """Up to 100 accounts of one slot, null where there is none."""
    addresses = [as_pubkey(text) for text in parameters.items(0, _MOST_ACCOUNTS, "inputs")]
    options = parameters.options(1)
    slot = context_slot(chain, options)
    accounts = [chain.bank.account(address, slot) for address in addresses]
    found = [account_json(chain.bank, account, options) if account else None for account in accounts]
    return with_context(slot, found)


def get_program_accounts(chain: Chain, parameters: Parameters) -> object:
    """All accounts of a program that pass every filter."""
    program = parameters.pubkey(0)
    options = parameters.options(1)
    slot = context_slot(chain, options)
    accepts = account_predicate(options)
    accounts = (found for found in chain.bank.accounts.owned_at(program, slot) if accepts(found[1]))
    listed = keyed_accounts(chain, accounts, options)
    return with_context(slot, listed) if options.flag("withContext") else listed


def get_balance(chain: Chain, parameters: Parameters) -> object:
    """Lamports of an account; 0 when there is none."""
    slot = context_slot(chain, parameters.options(1))
    account = chain.bank.account(parameters.pubkey(0), slot)
    return with_context(slot, account.lamports if account else 0)


def get_token_account_balance(chain: Chain, parameters: Parameters) -> object:
    """The amount in a token account."""
    slot = context_slot(chain, parameters.options(1))
    account = chain.bank.account(parameters.pubkey(0), slot)
    if account is None:
        raise invalid_params("Invalid param: could not find account")
    found = read_token_account(account)
    decimals = chain.bank.decimals_of(found.mint) if found else None
    if found is None or decimals is None:
        raise invalid_params("Invalid param: not a Token account")
    return with_context(slot, ui_token_amount(found.amount, decimals))


def get_token_supply(chain: Chain, parameters: Parameters) -> object:
    """The supply of a mint."""
    slot = context_slot(chain, parameters.options(1))
    account = chain.bank.account(parameters.pubkey(0), slot)
    mint = read_mint(account) if account else None
    if mint is None:
        raise invalid_params("Invalid param: not a Token mint")
    return with_context(slot, ui_token_amount(mint.supply, mint.decimals))


def get_token_largest_accounts(chain: Chain, parameters: Parameters) -> object:
    """The token accounts that hold most of a mint, largest first."""
    mint = parameters.pubkey(0)
    slot = context_slot(chain, parameters.options(1))
    account = chain.bank.account(mint, slot)
    found = read_mint(account) if account else None
    if account is None or found is None:
        raise invalid_params("Invalid param: not a Token mint")
    held = (
        (holding.amount, address)
        for address, each in chain.bank.accounts.owned_at(account.owner, slot)
        if (holding := read_token_account(each)) is not None and holding.mint == mint
    )
    largest = sorted(held, key=lambda each: (-each[0], str(each[1])))[:_MOST_HOLDERS]
    listed = [
        {"address": str(address)} | ui_token_amount(amount, found.decimals) for amount, address in largest
    ]
    return with_context(slot, listed)


def get_token_accounts_by_owner(chain: Chain, parameters: Parameters) -> object:
    """Token accounts of a wallet, by mint or by token program."""
    owner = parameters.pubkey(0)
    wanted = as_options(parameters.required(1))
    options = parameters.options(2)
    slot = context_slot(chain, options)
    mint, programs = _token_filter(chain, wanted, slot)
    accounts = (
        (address, account)
        for program in programs
        for address, account in chain.bank.accounts.owned_at(program, slot)
        if _belongs(read_token_account(account), owner, mint)
    )
    return with_context(slot, keyed_accounts(chain, accounts, options))


def get_minimum_balance_for_rent_exemption(chain: Chain, parameters: Parameters) -> object:
    """Lamports that make an account of a size rent exempt."""
    return chain.bank.rent_exempt_minimum(parameters.integer(0))


def keyed_accounts(
    chain: Chain, accounts: Iterable[tuple[Pubkey, Account]], options: Options
) -> list[dict[str, object]]:
    """Accounts with their addresses, encoded."""
    return [
        {"pubkey": str(address), "account": account_json(chain.bank, account, options)}
        for address, account in accounts
    ]


def account_predicate(options: Options) -> Predicate:
    """The ``filters`` option as a test of an account; raises -32602 on a filter that cannot be read."""
    filters = options.value("filters") or []
    if not isinstance(filters, list):
        raise invalid_params("Invalid params: invalid type for `filters`, expected a sequence.")
    if len(filters) > _MOST_FILTERS:
        raise invalid_params(f"Too many filters provided; max {_MOST_FILTERS}")
    tests = [_filter_test(found) for found in filters]
    return lambda account: all(test(account) for test in tests)


def _filter_test(found: object) -> Predicate:
    if found == "tokenAccountState":
        return lambda account: read_token_account(account) is not None
    options = as_options(found)
    size = options.integer("dataSize")
    if size is not None:
        return lambda account: len(account.data) == size
    memcmp = options.options("memcmp")
    if memcmp is None:
        raise invalid_params("Invalid params: unknown filter, expected `dataSize` or `memcmp`.")
    start = memcmp.integer("offset") or 0
    expected = _memcmp_bytes(memcmp)
    return lambda account: account.data[start : start + len(expected)] == expected


def _memcmp_bytes(memcmp: Options) -> bytes:
    found = memcmp.value("bytes")
    encoding = memcmp.choice("encoding", ("base58", "base64", "binary", "bytes"), "base58")
    try:
        if isinstance(found, list):
            expected = bytes(found)
        elif isinstance(found, str):
            expected = b64decode(found, validate=True) if encoding == "base64" else base58.decode(found)
        else:
            raise invalid_params("Invalid params: missing field `bytes`.")
    except (ValueError, TypeError) as error:
        raise invalid_params(f"Invalid param: {error}") from None
    if len(expected) > _MOST_MEMCMP_BYTES:
        raise invalid_params(f"Invalid param: memcmp bytes too long; max {_MOST_MEMCMP_BYTES}")
    return expected


def _token_filter(chain: Chain, wanted: Options, slot: int) -> tuple[Pubkey | None, tuple[Pubkey, ...]]:
    mint_text, program_text = wanted.text("mint"), wanted.text("programId")
    if mint_text is not None:
        mint = as_pubkey(mint_text)
        account = chain.bank.account(mint, slot)
        if chain.bank.decimals_of(mint) is None:
            raise invalid_params("Invalid param: could not find mint")
        return mint, (account.owner,) if account else TOKEN_PROGRAMS[:1]
    if program_text is None:
        raise invalid_params("Invalid params: missing field `mint` or `programId`.")
    program = as_pubkey(program_text)
    if program not in TOKEN_PROGRAMS:
        raise invalid_params("Invalid param: unrecognized Token program id")
    return None, (program,)


def _belongs(found: TokenAccount | None, owner: Pubkey, mint: Pubkey | None) -> bool:
    return found is not None and found.owner == owner and mint in (None, found.mint)


METHODS: Final[Mapping[str, Callable[[Chain, Parameters], object]]] = {
    "getAccountInfo": get_account_info,
    "getMultipleAccounts": get_multiple_accounts,
    "getProgramAccounts": get_program_accounts,
    "getBalance": get_balance,
    "getTokenAccountBalance": get_token_account_balance,
    "getTokenSupply": get_token_supply,
    "getTokenLargestAccounts": get_token_largest_accounts,
    "getTokenAccountsByOwner": get_token_accounts_by_owner,
    "getMinimumBalanceForRentExemption": get_minimum_balance_for_rent_exemption,
}
