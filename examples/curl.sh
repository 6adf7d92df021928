#!/bin/sh
# Five calls of the engine with curl. Needs curl and a running engine (script/server).
#   ENGINE_URL=http://127.0.0.1:8000 ENGINE_TOKEN= examples/curl.sh
set -eu

url=${ENGINE_URL:-http://127.0.0.1:8000}

call() {
    curl --silent --show-error --fail-with-body ${ENGINE_TOKEN:+-H "Authorization: Bearer $ENGINE_TOKEN"} "$@"
    echo
}

# 1. Is the engine well?
call "$url/health"

# 2. What would the venues pay?
call "$url/api/quotes?tokenIn=SOL&tokenOut=USDC&amount=0.5"

# 3. Place an order. The key makes it safe to send the same call again.
key=curl-$(date +%s)-$$
placed=$(call -X POST "$url/api/orders/execute" -H 'Content-Type: application/json' \
    -H "Idempotency-Key: $key" -d '{"tokenIn":"SOL","tokenOut":"USDC","amountIn":"0.5"}')
echo "$placed"

# 4. Where does it stand? (its steps come live over WebSocket: ws://…/ws/orders/ID)
id=$(echo "$placed" | sed 's/.*"orderId": *"\([^"]*\)".*/\1/')
call "$url/api/orders/$id"

# 5. The newest orders.
call "$url/api/orders?limit=5"
