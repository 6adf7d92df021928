"""Creations of pools as transactions of their creators: Raydium CPMM and customizable Meteora DAMM v2 pools.

Accounts and arguments: raydium-cp-swap instructions/initialize.rs; damm-v2
instructions/initialize_pool/ix_initialize_customizable_pool.rs.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import isqrt
from typing import Final

from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from dex.config import (
    ASSOCIATED_TOKEN_PROGRAM,
    COMPUTE_BUDGET_PROGRAM,
    SYSTEM_PROGRAM,
    TOKEN_2022_PROGRAM,
    TOKEN_PROGRAM,
)
from dex.launches.openings import Opening, Unit
from dex.localnet.genesis_pools.market import PoolAccounts
from dex.localnet.launches.plan import LaunchPlan, LaunchVenue, Trap
from dex.transactions.token_accounts import associated_token_address
from dex.venues.account_layout import pubkey_at

_INITIALIZE: Final = bytes.fromhex("afaf6d1f0d989bed")
_INITIALIZE_CUSTOMIZABLE_POOL: Final = bytes.fromhex("14a1f118bdddb402")
_BURN: Final = 8
_LOCKED_LP: Final = 100
_RENT_SYSVAR: Final = Pubkey.from_string("SysvarRent111111111111111111111111111111111")
# Where Raydium collects its fee for a creation on mainnet; localnet's configurations ask for none.
_FEE_RECEIVER: Final = Pubkey.from_string("DNXgeM9EiiaAbaWvwjHj9fQQLAX5ZsfHyvmYUNRAdNC8")
# What the programs refuse in mints: such launches are written into the slot.
_REFUSED: Final = frozenset({Trap.HOOK, Trap.NON_TRANSFERABLE})
_UNITS_OF_CPMM, _UNITS_OF_DAMM = 300_000, 400_000


@dataclass(frozen=True, slots=True)
class Creation:
    """The instructions that create a pool, and who signs beside the creator."""

    instructions: Sequence[Instruction]
    signers: Sequence[Keypair] = ()


def creation_transaction(
    plan: LaunchPlan, opening: Opening | None, built: PoolAccounts, blockhash: Hash
) -> VersionedTransaction | None:
    """The transaction after which the pool is as in ``built``; None where pools are not created by one."""
    creation_of = _CREATIONS.get(plan.venue)
    if creation_of is None or plan.trap in _REFUSED:
        return None
    creation = creation_of(plan, opening, built)
    payer = plan.creator
    message = MessageV0.try_compile(payer.pubkey(), list(creation.instructions), [], blockhash)
    signers = {signer.pubkey(): signer for signer in (payer, *creation.signers)}
    count = message.header.num_required_signatures
    return VersionedTransaction(message, [signers[key] for key in message.account_keys[:count]])


def position_keypair(plan: LaunchPlan) -> Keypair:
    """The mint of the NFT that stands for the first position of a DAMM v2 pool."""
    return Keypair.from_seed(sha256(b"localnet position" + bytes(plan.token.mint)).digest())


def position_address(plan: LaunchPlan, program: Pubkey) -> Pubkey:
    """The first position of a DAMM v2 pool."""
    return _address(program, b"position", bytes(position_keypair(plan).pubkey()))


def _cpmm(plan: LaunchPlan, opening: Opening | None, built: PoolAccounts) -> Creation:
    data, program = built.accounts[built.pool.address].data, built.pool.program
    config, lp_mint, observation = (pubkey_at(data, offset) for offset in (8, 136, 296))
    vaults, mints, programs = (
        (pubkey_at(data, offset), pubkey_at(data, offset + 32)) for offset in (72, 168, 232)
    )
    creator = plan.creator.pubkey()
    authority = _address(program, b"vault_and_lp_mint_auth_seed")
    lp_holding = associated_token_address(creator, lp_mint)
    holdings = [associated_token_address(creator, *side) for side in zip(mints, programs, strict=True)]
    amounts = [built.supplies[mint] for mint in mints]
    metas = [
        _signer(creator),
        *(_read(key) for key in (config, authority)),
        _write(built.pool.address),
        *(_read(mint) for mint in mints),
        *(_write(key) for key in (lp_mint, *holdings, lp_holding, *vaults, _FEE_RECEIVER, observation)),
        *(_read(key) for key in (TOKEN_PROGRAM, *programs, ASSOCIATED_TOKEN_PROGRAM, SYSTEM_PROGRAM)),
        _read(_RENT_SYSVAR),
    ]
    arguments = struct.pack("<QQQ", *amounts, _point(opening) or 0)
    instructions = [
        _unit_limit(_UNITS_OF_CPMM),
        Instruction(program, _INITIALIZE + arguments, metas),
    ]
    if plan.burns_lp:
        given = isqrt(amounts[0] * amounts[1]) - _LOCKED_LP
        burnt = [_write(lp_holding), _write(lp_mint), _signer(creator)]
        instructions.append(Instruction(TOKEN_PROGRAM, struct.pack("<BQ", _BURN, given), burnt))
    return Creation(instructions)


def _damm_v2(plan: LaunchPlan, opening: Opening | None, built: PoolAccounts) -> Creation:
    data, program = built.accounts[built.pool.address].data, built.pool.program
    creator, nft = plan.creator.pubkey(), position_keypair(plan)
    pair, programs = (plan.token.mint, plan.quote.mint), (plan.token_program, TOKEN_PROGRAM)
    nft_account = _address(program, b"position_nft_account", bytes(nft.pubkey()))
    holdings = [associated_token_address(creator, *side) for side in zip(pair, programs, strict=True)]
    vaults = (pubkey_at(data, 232), pubkey_at(data, 264))
    metas = [
        _read(creator),
        _signer(nft.pubkey()),
        _write(nft_account),
        _signer(creator),
        _read(_address(program, b"pool_authority")),
        *(_write(key) for key in (built.pool.address, position_address(plan, program))),
        *(_read(mint) for mint in pair),
        *(_write(key) for key in (*vaults, *holdings)),
        *(_read(key) for key in (*programs, TOKEN_2022_PROGRAM, SYSTEM_PROGRAM)),
        *(_read(key) for key in (_address(program, b"__event_authority"), program)),
    ]
    initialize = Instruction(program, _INITIALIZE_CUSTOMIZABLE_POOL + _arguments(data, opening), metas)
    return Creation([_unit_limit(_UNITS_OF_DAMM), initialize], [nft])


def _arguments(pool: bytes, opening: Opening | None) -> bytes:
    """Those that give a pool the state in ``pool``."""
    base_fee = pool[8:16] + pool[22:40] + pool[16:17]
    compounding, padding, no_dynamic_fee, no_alpha_vault = bytes(2), bytes(1), bytes(1), bytes(1)
    prices, liquidity, sqrt_price = pool[424:456], pool[360:376], pool[456:472]
    by_slot = opening is not None and opening.unit is Unit.SLOT
    point = _point(opening)
    return b"".join(
        (
            *(base_fee, compounding, padding, no_dynamic_fee, prices, no_alpha_vault),
            *(liquidity, sqrt_price, bytes([0 if by_slot else 1]), pool[484:485]),
            b"\0" if point is None else b"\x01" + struct.pack("<Q", point),
        )
    )


_CREATIONS: Final[Mapping[LaunchVenue, Callable[[LaunchPlan, Opening | None, PoolAccounts], Creation]]] = {
    LaunchVenue.CPMM: _cpmm,
    LaunchVenue.DAMM_V2: _damm_v2,
}


def _point(opening: Opening | None) -> int | None:
    return None if opening is None else opening.point


def _unit_limit(units: int) -> Instruction:
    set_compute_unit_limit = 2
    return Instruction(COMPUTE_BUDGET_PROGRAM, struct.pack("<BI", set_compute_unit_limit, units), [])


def _read(key: Pubkey) -> AccountMeta:
    return AccountMeta(key, is_signer=False, is_writable=False)


def _write(key: Pubkey) -> AccountMeta:
    return AccountMeta(key, is_signer=False, is_writable=True)


def _signer(key: Pubkey) -> AccountMeta:
    return AccountMeta(key, is_signer=True, is_writable=True)


def _address(program: Pubkey, *seeds: bytes) -> Pubkey:
    return Pubkey.find_program_address(list(seeds), program)[0]
