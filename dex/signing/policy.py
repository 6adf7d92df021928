"""What a wallet signs: the compiled message is read again and held against its order.

The check knows no plan. It knows what the order's owner allows, the pools as the chain has them, and
absolute ceilings. Each swap instruction is read by its venue's own decoder, which knows exact bytes and
positions; each other one must equal, to the byte, the one that this engine would make of its values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from solders.hash import Hash
from solders.instruction import Instruction
from solders.message import MessageV0
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT
from dex.errors import PolicyViolation, UnknownInstruction
from dex.signing.instruction_kinds import Kind, kind_of
from dex.signing.message import instructions_of
from dex.signing.wallet_instructions import (
    account_made,
    guarded_amount,
    priority_fee_lamports,
    require_equal,
    temporary_account,
    tip_lamports,
)
from dex.transactions.instructions import close_token_account, initialize_token_account, memo
from dex.transactions.token_accounts import TOKEN_ACCOUNT_RENT, associated_token_address
from dex.types import NO_BOUNDS, DecodedSwap, RouteBounds, SwapMode
from dex.venues.base import Pool, Venue

_MOST_SWAPS: Final = 6
# Of each kind at least and at most; a temporary account is made, initialised and closed, or not at all.
_COUNTS: Final[Mapping[Kind, tuple[int, int]]] = {
    Kind.UNIT_LIMIT: (1, 1),
    Kind.UNIT_PRICE: (0, 1),
    Kind.MEMO: (1, 1),
    Kind.MAKE_ACCOUNT: (0, _MOST_SWAPS),
    Kind.MAKE_TEMPORARY: (0, 1),
    Kind.INITIALIZE: (0, 1),
    Kind.SWAP: (1, _MOST_SWAPS),
    Kind.GUARD: (0, 1),
    Kind.CLOSE: (0, 1),
    Kind.TIP: (0, 1),
}


@dataclass(frozen=True, slots=True)
class SwapTerms:
    """What the owner of an order allows one transaction to do, in base units.

    At most ``max_amount_in`` of ``token_in`` for at least ``min_amount_out`` of ``token_out``, all swaps
    together; the one that the mode fixes is the exact amount. ``memo`` names the order and the attempt,
    ``bounds`` what the swaps may go over.
    """

    wallet: Pubkey
    token_in: Pubkey
    token_out: Pubkey
    max_amount_in: int
    min_amount_out: int
    memo: str
    mode: SwapMode = SwapMode.EXACT_IN
    bounds: RouteBounds = NO_BOUNDS


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """What the chain says: programs by address, pools opened from their accounts, each mint's program.

    ``tables`` are the lookup tables of the settings with their addresses, ``blockhash`` the one whose last
    valid block height is stored with the attempt.
    """

    venues: Mapping[Pubkey, Venue]
    pools: Mapping[Pubkey, Pool]
    token_programs: Mapping[Pubkey, Pubkey]
    blockhash: Hash
    tables: Mapping[Pubkey, Sequence[Pubkey]]


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The most lamports that any attempt may pay beside what it swaps."""

    priority_fee: int
    tip: int


@dataclass(frozen=True, slots=True)
class _Leg:
    swap: DecodedSwap
    token_in: Pubkey
    token_out: Pubkey


def check_policy(message: MessageV0, terms: SwapTerms, facts: ChainFacts, ceilings: Ceilings) -> None:
    """Raise PolicyViolation unless ``message`` does what ``terms`` allow for the wallet, and nothing else."""
    _check_envelope(message, terms, facts)
    found = _by_kind(instructions_of(message, facts.tables), facts)
    fee = priority_fee_lamports(found[Kind.UNIT_LIMIT], found[Kind.UNIT_PRICE])
    _require(fee <= ceilings.priority_fee, f"a priority fee of {fee} lamports is above the ceiling")
    tip = sum(tip_lamports(one, terms.wallet) for one in found[Kind.TIP])
    _require(tip <= ceilings.tip, f"a tip of {tip} lamports is above the ceiling")
    require_equal(found[Kind.MEMO][0], memo(terms.memo), "the memo is not the order's")
    temporary = _check_temporary_account(found, terms)
    legs = [_read_leg(one, terms, facts, temporary) for one in found[Kind.SWAP]]
    _check_legs(legs, terms, _guarded(found, terms, temporary))
    traded = {mint for leg in legs for mint in (leg.token_in, leg.token_out)}
    _require(temporary is None or NATIVE_MINT in traded, "no swap uses the temporary account")
    for one in found[Kind.MAKE_ACCOUNT]:
        mint = account_made(one, terms.wallet, facts.token_programs)
        _require(mint in traded - {terms.token_in, NATIVE_MINT}, "a token account that no swap pays into")


def _check_envelope(message: MessageV0, terms: SwapTerms, facts: ChainFacts) -> None:
    _require(message.header.num_required_signatures == 1, "others than the wallet would have to sign")
    _require(message.account_keys[0] == terms.wallet, "the fee payer is not the wallet")
    _require(message.recent_blockhash == facts.blockhash, "the blockhash is not the one that was asked for")


def _by_kind(instructions: Sequence[Instruction], facts: ChainFacts) -> dict[Kind, list[Instruction]]:
    """The instructions by kind, each as often as it may be there and in the one order that is signed."""
    found: dict[Kind, list[Instruction]] = {kind: [] for kind in Kind}
    reached = min(Kind)
    for instruction in instructions:
        kind = kind_of(instruction, facts.venues.keys())
        if kind < reached:
            raise PolicyViolation(f"{kind.name} stands behind {reached.name}")
        reached = kind
        found[kind].append(instruction)
    for kind, (least, most) in _COUNTS.items():
        count = len(found[kind])
        if not least <= count <= most:
            raise PolicyViolation(f"{count} instructions of {kind.name}, not {least} to {most}")
    return found


def _check_temporary_account(found: Mapping[Kind, list[Instruction]], terms: SwapTerms) -> Pubkey | None:
    """The wrapped-SOL account that this message makes and closes, if it does."""
    parts = [found[kind] for kind in (Kind.MAKE_TEMPORARY, Kind.INITIALIZE, Kind.CLOSE)]
    _require(len({len(part) for part in parts}) == 1, "a temporary account is not made, set up and closed")
    if not parts[0]:
        return None
    made, initialized, closed = (part[0] for part in parts)
    address, lamports = temporary_account(made, terms.wallet)
    wrapped = lamports - TOKEN_ACCOUNT_RENT
    allowed = terms.max_amount_in if terms.token_in == NATIVE_MINT else 0
    _require(0 <= wrapped <= allowed, f"{wrapped} lamports would be wrapped, {allowed} may be")
    for_another = "the temporary account would belong to another wallet"
    require_equal(initialized, initialize_token_account(address, NATIVE_MINT, terms.wallet), for_another)
    elsewhere = "the unwrapped SOL would go to another wallet"
    require_equal(closed, close_token_account(address, terms.wallet), elsewhere)
    return address


def _read_leg(
    instruction: Instruction, terms: SwapTerms, facts: ChainFacts, temporary: Pubkey | None
) -> _Leg:
    """A swap with its tokens, between the wallet's own accounts and an opened pool's own vaults."""
    venue = facts.venues[instruction.program_id]
    _require(terms.bounds.allows(venue.name, venue.dex), f"the order allows no swap over {venue.name}")
    try:
        swap = venue.decode_swap(instruction)
    except UnknownInstruction as error:
        raise PolicyViolation(f"no swap of {venue.name}: {error}") from error
    pool = facts.pools.get(swap.pool)
    if pool is None or pool.venue != venue.name:
        raise PolicyViolation(f"{swap.pool} is no known pool of {venue.name}")
    _require(set(swap.vaults) == set(pool.vaults), "the vaults are not the pool's own")
    _require(swap.payer == terms.wallet, "the swap is of another wallet's tokens")
    token_in, token_out = _direction(swap, pool, terms, facts, temporary)
    return _Leg(swap, token_in, token_out)


def _direction(
    swap: DecodedSwap, pool: Pool, terms: SwapTerms, facts: ChainFacts, temporary: Pubkey | None
) -> tuple[Pubkey, Pubkey]:
    first, second = pool.mints
    for token_in, token_out in ((first, second), (second, first)):
        accounts = tuple(_account(mint, terms, facts, temporary) for mint in (token_in, token_out))
        if accounts == (swap.account_in, swap.account_out):
            told = swap.sells_first
            _require(told is None or told == (token_in == first), "the swap goes the other way round")
            return token_in, token_out
    raise PolicyViolation("the swap's token accounts are not the wallet's own")


def _account(mint: Pubkey, terms: SwapTerms, facts: ChainFacts, temporary: Pubkey | None) -> Pubkey | None:
    if mint == NATIVE_MINT:
        return temporary
    program = facts.token_programs.get(mint)
    return associated_token_address(terms.wallet, mint, program) if program is not None else None


def _guarded(found: Mapping[Kind, list[Instruction]], terms: SwapTerms, temporary: Pubkey | None) -> int:
    """What the temporary account must hold once all swaps are done; 0 without such a guard."""
    if not found[Kind.GUARD]:
        return 0
    if temporary is None or terms.token_out != NATIVE_MINT:
        raise PolicyViolation("a transfer of tokens that guards nothing")
    return guarded_amount(found[Kind.GUARD][0], temporary, terms.wallet)


def _check_legs(legs: Sequence[_Leg], terms: SwapTerms, guarded: int) -> None:
    _require(len({leg.swap.pool for leg in legs}) == len(legs), "a pool is used twice")
    paths = list(_paths(legs, terms))
    _check_bounds(paths, terms.bounds)
    spent = sum(first.swap.amount_in for first, _ in paths)
    least = sum(last.swap.amount_out for _, last in paths)
    _require(all(last.swap.amount_out >= 1 for _, last in paths), "a swap asks for nothing")
    allowed, wanted = terms.max_amount_in, terms.min_amount_out
    _require(spent <= allowed, f"{spent} would be spent, the order allows {allowed}")
    _require(max(least, guarded) >= wanted, f"{least} is asked for at least, the order wants {wanted}")
    # What an order fixes is swapped as a whole.
    whole = spent == allowed if terms.mode is SwapMode.EXACT_IN else least == wanted
    _require(whole, "the swaps are not of the order's whole amount")


def _check_bounds(paths: Sequence[tuple[_Leg, _Leg]], bounds: RouteBounds) -> None:
    hops = max(1 if first is last else 2 for first, last in paths)
    _require(hops <= (bounds.max_hops or hops), f"a path of {hops} hops is longer than the order allows")
    count = len(paths)
    _require(count <= (bounds.max_splits or count), f"{count} paths are more than the order allows")
    for _, last in paths:
        if not bounds.may_end_in(last.swap.pool):
            raise PolicyViolation(f"the order allows no path to end in {last.swap.pool}")


def _paths(legs: Sequence[_Leg], terms: SwapTerms) -> Iterator[tuple[_Leg, _Leg]]:
    """First and last leg of each path; they are the same where one pool swaps it all."""
    rest = iter(legs)
    for first in rest:
        _require(first.token_in == terms.token_in, "a swap spends another token than the order's")
        if first.token_out == terms.token_out:
            _require(first.swap.mode is terms.mode, "the swap fixes the other side than the order does")
            yield first, first
            continue
        last = next(rest, None)
        if last is None or (last.token_in, last.token_out) != (first.token_out, terms.token_out):
            raise PolicyViolation("a swap pays another token than the order's")
        modes = first.swap.mode, last.swap.mode
        _require(modes == (SwapMode.EXACT_OUT, SwapMode.EXACT_IN), "two legs do not meet in an exact amount")
        _require(first.swap.amount_out == last.swap.amount_in, "a leg spends what the one before did not buy")
        yield first, last


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise PolicyViolation(message)
