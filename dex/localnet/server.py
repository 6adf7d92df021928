"""The network as one object: opens the chain, runs its clock, serves HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from solders.account import Account
from solders.hash import Hash
from solders.pubkey import Pubkey

from dex.config import tokens_of
from dex.localnet.bank import Bank
from dex.localnet.chain import Chain
from dex.localnet.cheats import Cheats, SlotClock
from dex.localnet.dispatch import STANDARD_METHODS, Dispatcher, Method, Prepare
from dex.localnet.epochs import Epochs
from dex.localnet.errors import LedgerRefused, UnusableProgram
from dex.localnet.faucet import faucet_account, faucet_keypair
from dex.localnet.faucet_limit import LimitedFaucet, no_faucet
from dex.localnet.faults import FaultPlan
from dex.localnet.http_server import HttpServer
from dex.localnet.launches.launcher import Launcher
from dex.localnet.launches.methods import LaunchMethods
from dex.localnet.ledger import Ledger, SlotRow, SlotWrite, funded_facts
from dex.localnet.program_files import ProgramFile, as_fact, difference, read_programs
from dex.localnet.pubsub import SubscriptionHub
from dex.localnet.scenario.moves import PriceMoves
from dex.localnet.websocket_server import WebSocketServer
from dex.types import AccountData

GenesisAccounts = Callable[[Sequence[Pubkey]], Mapping[Pubkey, AccountData]]
LEDGER_FORMAT: Final = "1"


def no_genesis(_fund: Sequence[Pubkey]) -> Mapping[Pubkey, AccountData]:
    """A network with a faucet and nothing else."""
    return {}


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """How to run a network. ``port`` serves HTTP and ``port + 1`` WebSocket, the next two ports the same of
    a second node, if there are so many ``nodes``; times in milliseconds.

    ``genesis`` gives the accounts of the chain's start, including those of the wallets to fund.
    ``genesis_hash`` None: made from seed and accounts. ``faucet_lamports`` None: the faucet gives whatever
    it is asked for; else so much to an address. ``has_faucet`` false: there is none, as on mainnet.
    A new chain begins at ``first_slot``, in its epoch of ``epochs``.
    """

    host: str = "127.0.0.1"
    port: int = 8899
    ledger: Path | None = None
    seed: int = 1
    fund: Sequence[Pubkey] = ()
    programs: Mapping[Pubkey, Path | bytes] = field(default_factory=dict)
    genesis: GenesisAccounts = no_genesis
    slot_ms: int = 400
    allow_faults: bool = False
    # Whose pools localnet_setPrice moves and localnet_launch makes; None: the methods are not there.
    price_network: str | None = None
    # So many seconds between two launches of new tokens; 0: on demand only.
    launch_seconds: int = 0
    nodes: int = 1
    genesis_hash: Hash | None = None
    faucet_lamports: int | None = None
    has_faucet: bool = True
    first_slot: int = 0
    epochs: Epochs = field(default_factory=Epochs)


@dataclass(frozen=True, slots=True)
class _Node:
    """One RPC node: all nodes are over the same chain, each has its own faults."""

    dispatcher: Dispatcher
    http: HttpServer
    websocket: WebSocketServer


class Localnet:
    """A running network."""

    def __init__(self, options: NetworkOptions) -> None:
        """Opens the ledger and loads the chain; raises LedgerRefused or UnusableProgram."""
        self.options = options
        self.chain = open_chain(options)
        self.writing = asyncio.Lock()  # held while the ledger is written
        self._slot_clock = SlotClock()
        methods = {**STANDARD_METHODS, **_faucet_methods(options)}
        if options.price_network is not None:
            tokens = tokens_of(options.price_network)
            methods |= PriceMoves(self.chain, options.price_network, tokens).methods()
            methods |= LaunchMethods(self._launcher(options.price_network)).methods()
        self._nodes = [self._node(methods) for _ in range(options.nodes)]
        self._clock: asyncio.Task[None] | None = None
        self._confirming: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The RPC address of the first node."""
        return self.urls[0]

    @property
    def urls(self) -> list[str]:
        """The RPC address of every node."""
        ports = range(self.options.port, self.options.port + 2 * self.options.nodes, 2)
        return [f"http://{self.options.host}:{port}" for port in ports]

    @property
    def websocket_url(self) -> str:
        """The address of the first node's subscriptions."""
        return f"ws://{self.options.host}:{self.options.port + 1}"

    def prepare_calls_with(self, prepare: Prepare) -> None:
        """Awaits ``prepare`` before every method runs."""
        for node in self._nodes:
            node.dispatcher.prepare = prepare

    async def start(self) -> None:
        """Serves and starts the clock; raises OSError when a port is taken."""
        for number, node in enumerate(self._nodes):
            await node.http.start(self.options.host, self.options.port + 2 * number)
            await node.websocket.start(self.options.host, self.options.port + 2 * number + 1)
        self._clock = asyncio.create_task(self._run_clock())

    async def stop(self) -> None:
        """Stops serving, writes what has been closed and the open slot, and closes the ledger."""
        if self._clock is not None:
            self._clock.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._clock
        for node in self._nodes:
            await node.http.stop()
            await node.websocket.stop()
        if self._confirming is not None:
            await self._confirming
        self.chain.advance()
        self.chain.ledger.close()

    async def advance(self, slots: int = 1) -> None:
        """Closes and confirms ``slots`` slots now."""
        async with self.writing:
            self.chain.advance(slots)

    async def failed(self) -> None:
        """Returns never; raises what stopped the clock."""
        assert self._clock is not None
        await self._clock

    def _launcher(self, network: str) -> Launcher:
        options = self.options
        every = -(-options.launch_seconds * 1_000 // options.slot_ms)
        tokens = {token.symbol: token for token in tokens_of(network)}
        return Launcher(self.chain, tokens, network, options.seed, options.slot_ms, every)

    def _node(self, methods: Mapping[str, Method]) -> _Node:
        faults = FaultPlan(self.chain, self.writing) if self.options.allow_faults else None
        if faults is not None:
            cheats = Cheats(self.chain, self.writing, self._slot_clock)
            methods = {**methods, **faults.methods(), **cheats.methods()}
        dispatcher = Dispatcher(self.chain, methods, faults)
        websocket = WebSocketServer(SubscriptionHub(self.chain))
        return _Node(dispatcher, HttpServer(dispatcher.answer), websocket)

    async def _run_clock(self) -> None:
        period = self.options.slot_ms / 1000
        due = time.monotonic() + period
        while True:
            await asyncio.sleep(max(0, due - time.monotonic()))
            # After a pause of the machine the chain goes on from here: it does not catch up.
            due = max(due + period, time.monotonic())
            if self._slot_clock.is_paused:
                continue
            self.chain.close_slot()
            if self._confirming is None or self._confirming.done():
                if self._confirming is not None:
                    self._confirming.result()
                self._confirming = asyncio.create_task(self._confirm_closed())

    async def _confirm_closed(self) -> None:
        while True:
            async with self.writing:
                block = self.chain.next_to_confirm()
                if block is None:
                    return
                await asyncio.to_thread(self.chain.ledger.write, self.chain.write_of(block))
                self.chain.confirm(block)


def open_chain(options: NetworkOptions, now: Callable[[], float] = time.time) -> Chain:
    """The chain in the ledger, or a new one, by this clock; raises LedgerRefused or UnusableProgram."""
    programs = read_programs(options.programs)
    ledger = Ledger(options.ledger)
    try:
        return _opened(options, ledger, programs, now)
    except (LedgerRefused, UnusableProgram):
        ledger.close()
        raise


def _opened(
    options: NetworkOptions,
    ledger: Ledger,
    programs: Mapping[Pubkey, ProgramFile],
    now: Callable[[], float],
) -> Chain:
    accounts = _genesis_accounts(options, ())
    facts = {
        "format": LEDGER_FORMAT,
        "seed": str(options.seed),
        "genesis_hash": str(options.genesis_hash or _genesis_hash(options.seed, accounts)),
    }
    if options.genesis_hash is not None:
        # A hash that was given says nothing about the accounts.
        facts["genesis_accounts"] = str(_genesis_hash(options.seed, accounts))
    is_new = ledger.fact("genesis_hash") is None
    if not is_new and options.ledger is not None:
        ledger.check(facts, options.ledger)
        _check_programs(ledger, programs, options.ledger)
    epochs = ledger.fact("epochs")
    bank = Bank(options.epochs if epochs is None else Epochs.from_text(epochs))
    # Before a new ledger is begun with them: none is to remember a file that cannot be loaded.
    for address, program in programs.items():
        _load(bank, address, program)
    if is_new:
        _begin(options, ledger, facts | {"programs": as_fact(programs)}, int(now()))
    _fund_newcomers(options, ledger, accounts)
    return Chain(bank, ledger, now)


def _begin(options: NetworkOptions, ledger: Ledger, facts: Mapping[str, str], unix_timestamp: int) -> None:
    genesis = SlotRow(options.first_slot, Hash.from_string(facts["genesis_hash"]), unix_timestamp, 0)
    facts = {**facts, "epochs": options.epochs.as_text(), **funded_facts(options.fund)}
    ledger.begin(facts, SlotWrite(genesis, _genesis_accounts(options, options.fund), (), 0))


def _load(bank: Bank, address: Pubkey, program: ProgramFile) -> None:
    try:
        bank.add_program(address, program.code)
    except UnusableProgram as error:
        raise UnusableProgram(f"{program.name} cannot be loaded at {error}") from error


def _check_programs(ledger: Ledger, programs: Mapping[Pubkey, ProgramFile], folder: Path) -> None:
    fact = ledger.fact("programs")
    # Ledgers of releases that kept no such fact go on.
    found = None if fact is None else difference(fact, programs)
    if found is not None:
        raise LedgerRefused(
            f"the ledger in {folder} was begun {found}: give the same program files, or another folder, or "
            f"remove this one to start a new chain"
        )


def _faucet_methods(options: NetworkOptions) -> Mapping[str, Method]:
    if not options.has_faucet:
        return {"requestAirdrop": no_faucet}
    if options.faucet_lamports is None:
        return {}
    return {"requestAirdrop": LimitedFaucet(options.faucet_lamports).request_airdrop}


def _genesis_accounts(options: NetworkOptions, fund: Sequence[Pubkey]) -> dict[Pubkey, Account | None]:
    accounts: dict[Pubkey, Account | None] = {
        address: Account(found.lamports, found.data, found.owner)
        for address, found in options.genesis(fund).items()
    }
    accounts[faucet_keypair().pubkey()] = faucet_account()
    return accounts


def _genesis_hash(seed: int, accounts: Mapping[Pubkey, Account | None]) -> Hash:
    digest = hashlib.sha256(f"localnet genesis {LEDGER_FORMAT} {seed}".encode())
    for address in sorted(accounts, key=bytes):
        account = accounts[address]
        if account is not None:
            digest.update(bytes(address) + bytes(account.owner) + f"{account.lamports}:".encode())
            digest.update(hashlib.sha256(account.data).digest())
    return Hash.from_bytes(digest.digest())


def _fund_newcomers(
    options: NetworkOptions, ledger: Ledger, accounts: Mapping[Pubkey, Account | None]
) -> None:
    """Gives wallets that the chain has not funded before what genesis gives to a funded wallet."""
    newcomers = [wallet for wallet in options.fund if ledger.fact(f"funded {wallet}") is None]
    if not newcomers:
        return
    with_newcomers = _genesis_accounts(options, newcomers)
    added = {address: found for address, found in with_newcomers.items() if address not in accounts}
    ledger.fund(funded_facts(newcomers), added)
