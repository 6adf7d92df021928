"""The only way to dex beside its types and errors: settings in, values and reasons of failure out.

kept_mints.py   mints of no list, as the database keeps them
named_tokens.py tokens as requests name them, read from the chain where they are new
token_reports.py  what the chain says of a mint now
tokens.py       networks, the token list, wallet holdings
venues.py       the venues of the settings, and their brands
connection.py   node and pools of this process; sync <-> async
wallet.py       the wallet's address and its signer
pools.py        pools by address: of the settings, of the database
quotes.py       prices: for the API, and for a batch of orders
swaps.py        signing
launch_checks.py  what the chain says of a new pool before a purchase
table_changes.py  the wallet's own lookup tables; table_addresses.py: what they are filled with
wallet_funds.py what the wallet holds, and what a transaction takes of its SOL
sends.py        sending, and what the node says to it
node_health.py  whether the chain answers
faucet.py       SOL for a devnet wallet
permits.py      what may be signed at all
outcomes.py     what the chain says of sent transactions
failures.py     dex errors as FailureReason
"""

from dex.routing.timing import RoutingFigures
from dex.rpc.absence import DeadCheck
from dex.signing.table_policy import TableStep
from dex.tokens.report import Holder, PoolShare, TokenReport
from dex.tokens.round_trip import RoundTrip
from dex.transactions.lookup_tables import MOST_ADDRESSES, LookupTable
from orders.gateway.connection import node_urls, require_network
from orders.gateway.creations import (
    Missed,
    Origin,
    creation_in,
    log_subscriptions,
    missed_since,
    origin_of,
    pools_created_by,
    with_origin,
)
from orders.gateway.executable import Executable, Market, PriceLook, look_at
from orders.gateway.failures import Failure, failed, of_venue_errors
from orders.gateway.faucet import Relief, ask_faucet
from orders.gateway.jito import relay_config_errors
from orders.gateway.launch_checks import LaunchFacts, Rehearsal, Trip, launch_facts, rehearsal_of, rehearse
from orders.gateway.launch_looks import AskedPool, PoolLook, keep_mints, look_at_launches
from orders.gateway.lookup_tables import table_config_errors
from orders.gateway.named_tokens import (
    Named,
    danger_config_errors,
    named_token,
    named_tokens,
    tokens_at_hand,
)
from orders.gateway.new_pools import (
    Opens,
    PoolList,
    PoolSubscription,
    SeenPool,
    list_pools_of,
    lists_all_pools,
    pool_subscriptions,
    seen_in,
)
from orders.gateway.node_health import ChainHealth, chain_health, node_reports, watched_chain_health
from orders.gateway.pinned_pools import pool_config_errors
from orders.gateway.pool_lookup import Refused, look_up_pools, pools_of_transaction
from orders.gateway.pools import list_pools, warm_up
from orders.gateway.priority_fees import fee_config_errors
from orders.gateway.quotes import (
    auto_slippage_cap_bps,
    quote_pair,
    quote_swaps,
)
from orders.gateway.risk_limits import cap_of, largest_amount, network_config_errors, require_within_cap
from orders.gateway.route_survey import RouteSize, Survey, survey_routes, time_routing
from orders.gateway.sends import Sent, send
from orders.gateway.statuses import (
    OnChainFailure,
    SentSwap,
    StatusReport,
    Verdict,
    dead_check,
    executed_swaps,
    explorer_url,
    has_landed,
    is_dead,
    landed_statuses,
    on_chain_failures,
    prove_dead,
    signature_statuses,
)
from orders.gateway.swap_plans import SwapToSign
from orders.gateway.swaps import StaleQuote, sign_swaps
from orders.gateway.table_addresses import addresses_in_use
from orders.gateway.table_changes import (
    TableChange,
    TableChangeFailed,
    check_table_change,
    land,
    plan_extension,
    plan_new_table,
    read_tables,
    rent_of,
    sign_table_change,
)
from orders.gateway.token_reports import token_report
from orders.gateway.tokens import (
    Holdings,
    WrongToken,
    decimals_of,
    find_token,
    holdings,
    listed_token,
    networks,
    require_tokens,
    token_by_mint,
    token_config_errors,
    tokens,
)
from orders.gateway.value_bounds import BoundsNow, MarketBounds, Range
from orders.gateway.venues import brands, venue_brands, venue_config_errors
from orders.gateway.wallet import unfit_to_sign, wallet_address
from orders.gateway.wallet_funds import (
    LEAST_LAMPORTS,
    SOL,
    SOL_RESERVE,
    Funds,
    SignedSwap,
    insufficient_funds,
    lacking,
    spendable,
)
from orders.gateway.wanted_pairs import wanted_pairs

__all__ = [
    "LEAST_LAMPORTS",
    "MOST_ADDRESSES",
    "SOL",
    "SOL_RESERVE",
    "AskedPool",
    "BoundsNow",
    "ChainHealth",
    "DeadCheck",
    "Executable",
    "Failure",
    "Funds",
    "Holder",
    "Holdings",
    "LaunchFacts",
    "LookupTable",
    "Market",
    "MarketBounds",
    "Missed",
    "Named",
    "OnChainFailure",
    "Opens",
    "Origin",
    "PoolList",
    "PoolLook",
    "PoolShare",
    "PoolSubscription",
    "PriceLook",
    "Range",
    "Refused",
    "Rehearsal",
    "Relief",
    "RoundTrip",
    "RouteSize",
    "RoutingFigures",
    "SeenPool",
    "Sent",
    "SentSwap",
    "SignedSwap",
    "StaleQuote",
    "StatusReport",
    "Survey",
    "SwapToSign",
    "TableChange",
    "TableChangeFailed",
    "TableStep",
    "TokenReport",
    "Trip",
    "Verdict",
    "WrongToken",
    "addresses_in_use",
    "ask_faucet",
    "auto_slippage_cap_bps",
    "brands",
    "cap_of",
    "chain_health",
    "check_table_change",
    "creation_in",
    "danger_config_errors",
    "dead_check",
    "decimals_of",
    "executed_swaps",
    "explorer_url",
    "failed",
    "fee_config_errors",
    "find_token",
    "has_landed",
    "holdings",
    "insufficient_funds",
    "is_dead",
    "keep_mints",
    "lacking",
    "land",
    "landed_statuses",
    "largest_amount",
    "launch_facts",
    "list_pools",
    "list_pools_of",
    "listed_token",
    "lists_all_pools",
    "log_subscriptions",
    "look_at",
    "look_at_launches",
    "look_up_pools",
    "missed_since",
    "named_token",
    "named_tokens",
    "network_config_errors",
    "networks",
    "node_reports",
    "node_urls",
    "of_venue_errors",
    "on_chain_failures",
    "origin_of",
    "plan_extension",
    "plan_new_table",
    "pool_config_errors",
    "pool_subscriptions",
    "pools_created_by",
    "pools_of_transaction",
    "prove_dead",
    "quote_pair",
    "quote_swaps",
    "read_tables",
    "rehearsal_of",
    "rehearse",
    "relay_config_errors",
    "rent_of",
    "require_network",
    "require_tokens",
    "require_within_cap",
    "seen_in",
    "send",
    "sign_swaps",
    "sign_table_change",
    "signature_statuses",
    "spendable",
    "survey_routes",
    "table_config_errors",
    "time_routing",
    "token_by_mint",
    "token_config_errors",
    "token_report",
    "tokens",
    "tokens_at_hand",
    "unfit_to_sign",
    "venue_brands",
    "venue_config_errors",
    "wallet_address",
    "wanted_pairs",
    "warm_up",
    "watched_chain_health",
    "with_origin",
]
