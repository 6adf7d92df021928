"""What answers look like: taken from an engine on localnet, one order of 5 SOL and its refusals."""

from __future__ import annotations

from typing import Any, Final

from orders import errors

_WALLET: Final = "956NGMVYWcSdiGY87o6Wus9dGaUieL3hHrz4mHnNZPs1"
_SOL: Final = "So11111111111111111111111111111111111111112"
_USDC: Final = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
_POOL: Final = "7JuwJuNU88gurFnyWeiyGKbFmExMWcmRZntn9imEzdny"
_SIGNATURE: Final = "2Qxi7AwEqqJcbHaGVsPdmWe1hxDS1nJ9rWyLsXroRVsu73WZTSSRrBFafVaMuPipMSiXHSkN4ndMLcwQ6ZqUZFym"
_NODE_QUOTED: Final = "http%3A%2F%2F127.0.0.1%3A8899"
_EXPLORER: Final = f"https://explorer.solana.com/tx/{_SIGNATURE}?cluster=custom&customUrl={_NODE_QUOTED}"
ORDER_ID: Final = "d05f4450-ea82-4bca-bab0-f729a6fd03a6"

ORDER_REQUEST: Final[dict[str, Any]] = {
    "tokenIn": "SOL",
    "tokenOut": "USDC",
    "amountIn": "5",
    "clientOrderId": "my-first-order",
}
ACCEPTED: Final[dict[str, Any]] = {
    "orderId": ORDER_ID,
    "clientOrderId": "my-first-order",
    "type": "market",
    "status": "pending",
    "tokenIn": "SOL",
    "tokenOut": "USDC",
    "tokenInMint": _SOL,
    "tokenOutMint": _USDC,
    "amountIn": "5",
    "amountInRaw": "5000000000",
    "floorAmountOut": None,
    "floorAmountOutRaw": None,
    "firstQuotedAmountOut": None,
    "firstQuotedAmountOutRaw": None,
    "quotedAmountOut": None,
    "quotedAmountOutRaw": None,
    "minAmountOut": None,
    "minAmountOutRaw": None,
    "executedAmountIn": None,
    "executedAmountInRaw": None,
    "executedAmountOut": None,
    "executedAmountOutRaw": None,
    "quotedPrice": None,
    "executedPrice": None,
    "slippageBps": 50,
    "slippageAuto": False,
    "maxPriceImpactBps": None,
    "limitPrice": None,
    "expiresAt": None,
    "dex": None,
    "venue": None,
    "pool": None,
    "slippageRealisedBps": None,
    "fees": {"lp": None, "lpToken": None, "network": None, "priority": None},
    "txHash": None,
    "explorerUrl": None,
    "slot": None,
    "attempt": 0,
    "error": None,
    "createdAt": "2026-11-21T15:18:55.464Z",
    "updatedAt": "2026-11-21T15:18:55.464Z",
    "confirmedAt": None,
    "network": "localnet",
    "wallet": _WALLET,
}
CANCELLED: Final[dict[str, Any]] = {
    **ACCEPTED,
    "status": "cancelled",
    "updatedAt": "2026-11-21T15:18:55.493Z",
}
CONFIRMED: Final[dict[str, Any]] = {
    **ACCEPTED,
    "status": "confirmed",
    "floorAmountOut": "819.457436",
    "floorAmountOutRaw": "819457436",
    "firstQuotedAmountOut": "823.575312",
    "firstQuotedAmountOutRaw": "823575312",
    "quotedAmountOut": "823.575312",
    "quotedAmountOutRaw": "823575312",
    "minAmountOut": "819.457436",
    "minAmountOutRaw": "819457436",
    "executedAmountIn": "5",
    "executedAmountInRaw": "5000000000",
    "executedAmountOut": "823.575312",
    "executedAmountOutRaw": "823575312",
    "quotedPrice": "164.7150624",
    "executedPrice": "164.7150624",
    "dex": "raydium",
    "venue": "raydium-cpmm",
    "pool": _POOL,
    "slippageRealisedBps": 0,
    "fees": {"lp": "0.0125", "lpToken": "SOL", "network": "0.000005", "priority": "0"},
    "txHash": _SIGNATURE,
    "explorerUrl": _EXPLORER,
    "slot": 10,
    "attempt": 1,
    "updatedAt": "2026-11-21T15:18:56.005Z",
    "confirmedAt": "2026-11-21T15:18:56.005Z",
}
_BEST: Final[dict[str, Any]] = {
    "dex": "raydium",
    "venue": "raydium-cpmm",
    "pool": _POOL,
    "amountOut": "823.575312",
    "minAmountOut": "819.457436",
    "price": "164.7150624",
    "priceImpactBps": 1,
    "fee": "0.0125",
    "feeToken": "SOL",
}
_OTHER: Final[dict[str, Any]] = {
    "dex": "meteora",
    "venue": "meteora-damm-v2",
    "pool": "GruYGjMXysREXk2UEkTAXbvRjEc3iJyLtpAD7A9yfXEK",
    "amountOut": "822.276408",
    "minAmountOut": "818.165026",
    "price": "164.4552816",
    "priceImpactBps": 1,
    "fee": "2.060844",
    "feeToken": "USDC",
}
_ON_CHAIN: Final[dict[str, Any]] = {
    "dex": "raydium",
    "venue": "raydium-cpmm",
    "txHash": _SIGNATURE,
    "explorerUrl": _EXPLORER,
}
_EVENTS: Final[list[dict[str, Any]]] = [
    {"sequence": 1, "status": "pending", "at": "2026-11-21T15:18:55.464Z"},
    {"sequence": 2, "status": "routing", "at": "2026-11-21T15:18:55.515Z"},
    {"sequence": 3, "status": "building", "at": "2026-11-21T15:18:55.522Z", **_BEST, "quotes": [_OTHER]},
    {"sequence": 4, "status": "submitted", "at": "2026-11-21T15:18:55.583Z", **_ON_CHAIN, "attempt": 1},
    {
        "sequence": 5,
        "status": "confirmed",
        "at": "2026-11-21T15:18:56.005Z",
        **_ON_CHAIN,
        "slot": 10,
        "executedAmountIn": "5",
        "executedAmountOut": "823.575312",
        "executedPrice": "164.7150624",
    },
]
_ATTEMPT: Final[dict[str, Any]] = {
    "attempt": 1,
    "txHash": _SIGNATURE,
    "explorerUrl": _EXPLORER,
    "venue": "raydium-cpmm",
    "state": "landed",
    "slot": 10,
    "sends": 1,
    "sendAnswer": "accepted",
    "sendReason": None,
    "error": None,
    "fees": {"network": "0.000005", "priority": "0", "tip": "0", "rent": "0"},
    "lastValidBlockHeight": 158,
    "createdAt": "2026-11-21T15:18:55.555Z",
}
DETAIL: Final[dict[str, Any]] = {**CONFIRMED, "attempts": [_ATTEMPT], "events": _EVENTS}
PAGE: Final[dict[str, Any]] = {"next": None, "previous": None, "results": [CONFIRMED]}
JOURNAL: Final[dict[str, Any]] = {"orderId": ORDER_ID, "status": "confirmed", "events": _EVENTS}
QUOTES: Final[dict[str, Any]] = {
    "slot": 9,
    "tokenIn": "SOL",
    "tokenOut": "USDC",
    "amountIn": "5",
    "amountInRaw": "5000000000",
    "slippageBps": 50,
    "best": {**_BEST, "amountOutRaw": "823575312", "minAmountOutRaw": "819457436"},
    "quotes": [
        {**_BEST, "amountOutRaw": "823575312", "minAmountOutRaw": "819457436"},
        {**_OTHER, "amountOutRaw": "822276408", "minAmountOutRaw": "818165026"},
    ],
    "errors": [],
}
TOKENS: Final[dict[str, Any]] = {
    "wallet": _WALLET,
    "network": "localnet",
    "trading": "on",
    "tradingReason": "",
    "tokens": [
        {
            "symbol": "SOL",
            "name": "Wrapped SOL",
            "mint": _SOL,
            "decimals": 9,
            "balance": "99994.999995",
            "balanceRaw": "99994999995000",
        },
        {
            "symbol": "USDC",
            "name": "USD Coin",
            "mint": _USDC,
            "decimals": 6,
            "balance": "20000823.575312",
            "balanceRaw": "20000823575312",
        },
    ],
}
LIVE: Final = {"status": "ok"}
_CHECKS: Final[dict[str, Any]] = {
    "database": "ok",
    "redis": "ok",
    "chain": "ok",
    "workers": 2,
    "oldestDueOrderSeconds": 0,
    "trading": "on",
    "transactionsNotTaken": 0,
}
_NODE_STATE: Final[dict[str, Any]] = {"name": "127.0.0.1:8899", "state": "ok", "slot": 17, "slotsBehind": 0}
_POOLS: Final[dict[str, Any]] = {"known": 12, "refreshedAt": "2026-11-21T14:33:25.103Z", "error": None}
HEALTH: Final[dict[str, Any]] = {
    "status": "ok",
    "checks": _CHECKS,
    "slot": 17,
    "pools": _POOLS,
    "nodes": [_NODE_STATE],
}
UNHEALTHY: Final[dict[str, Any]] = {
    "status": "degraded",
    "checks": _CHECKS
    | {"database": "unavailable"}
    | dict.fromkeys(("oldestDueOrderSeconds", "trading", "transactionsNotTaken")),
    "slot": 17,
    "pools": None,
    "nodes": [_NODE_STATE],
}

REFUSALS: Final[tuple[errors.OrderError, ...]] = (
    errors.InvalidRequest("The order is not valid", tokenOut="required", slippage="unknown field"),
    errors.InvalidAmount("This token has 9 decimals", decimals=9),
    errors.OrderTooLarge(maxAmountInRaw="1000000000"),
    errors.UnknownToken(known=["SOL", "USDC", "USDT", "JUP", "BONK"]),
    errors.SameToken(),
    errors.UnsupportedOrderType(type="limit"),
    errors.MalformedBody("The body is not valid JSON: a name appears twice in an object"),
    errors.Unauthenticated(),
    errors.Forbidden(),
    errors.NotFound("There is no such order"),
    errors.NotAcceptable(),
    errors.NotCancellable(status="submitted"),
    errors.PayloadTooLarge(maxBytes=65_536),
    errors.UnsupportedMediaType(),
    errors.IdempotencyMismatch(),
    errors.TooManyRequests(retryAfterSeconds=12, ordersPerMinute=600),
    errors.Internal(requestId="bddb4d4ce78346e39d0fb89396c7d605"),
    errors.ChainUnavailable(),
    errors.NoRoute(slot=17, errors=[]),
    errors.DatabaseUnavailable(),
    errors.TradingHalted(reason="the wallet is moving", since="2026-11-21T15:20:00+00:00"),
)
