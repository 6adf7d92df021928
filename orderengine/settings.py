"""Settings, read strictly from the environment. `.env.example` lists every name read here."""

from __future__ import annotations

import logging
import os
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from orderengine import admin_theme, broker, database, framework, logs, redis_urls, secrecy
from orderengine.environment import Environment
from orders.client import published

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
logging.getLogger("environ.environ").addFilter(secrecy.without_values)
env.read_env(env.path("ENV_FILE", default=str(BASE_DIR / ".env")))
secrecy.require_addresses(
    os.environ,
    names=("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "VAULT_ADDR", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    lists=("SOLANA_RPC_URL",),
)

# --- Process ---------------------------------------------------------------------------------
HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()

# --- Traces: off unless a collector is named. OpenTelemetry's SDK reads its own OTEL_ variables ----
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
OTEL_EXPORTER_OTLP_PROTOCOL = env.str("OTEL_EXPORTER_OTLP_PROTOCOL", default="http/protobuf")
TRACING = bool(OTEL_EXPORTER_OTLP_ENDPOINT) and not env.bool("OTEL_SDK_DISABLED", default=False)

# --- Django ----------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = env.str("SECRET_KEY", default="only-for-development-and-tests" if DEBUG else "")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", HOST] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "orderengine.urls"
ASGI_APPLICATION = "orderengine.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en-us"
FORMAT_MODULE_PATH = "orderengine.formats"
APPEND_SLASH = False
SESSION_ENGINE = "orderengine.sessions"
# Requests that take long: their paths, their threads, how many may be under way. Some wait for the chain;
# hashing a password takes a core for a third of a second. Then what is answered when too many come.
MOST_CHAIN_READS = 32
MOST_SIGN_INS = 10
HTTP_POOLS = [
    (r"/api/quotes/?|/api/tokens(/.*)?|/health/?", 4, MOST_CHAIN_READS),
    (r"/admin/(login|password_change|auth/user/add|auth/user/\d+/password)/?", 2, MOST_SIGN_INS),
]
OVERLOAD_HANDLER = "orders.wire.errors.overloaded"
SHORTAGE_HANDLER = "orders.wire.errors.short_of_resources"
BAD_REQUEST_HANDLER = "orders.wire.errors.bad_request"
CSRF_FAILURE_VIEW = "orders.wire.errors.csrf_failure"
UNFOLD = admin_theme.UNFOLD

# Celery's command, as a script or as a module.
IS_WORKER = any("celery" in part for part in Path(sys.argv[0]).parts[-2:])
INSTALLED_APPS = framework.installed_apps(is_runserver="runserver" in sys.argv[1:2])
MIDDLEWARE = framework.middleware(is_traced=TRACING)
# Who has an authenticator enters its code too; with this on, no staff member enters the admin without one.
STAFF_TWO_FACTOR_REQUIRED = env.bool("STAFF_TWO_FACTOR_REQUIRED", default=False)
OTP_TOTP_ISSUER = "Order Execution Engine"
# Sign-in: after so many failures a name is locked for an address; kept in the database, for all web servers.
AUTHENTICATION_BACKENDS = framework.AUTHENTICATION_BACKENDS
AXES_FAILURE_LIMIT = env.int("SIGN_IN_FAILURES", default=5)
AXES_COOLOFF_TIME = timedelta(minutes=env.int("SIGN_IN_LOCK_MINUTES", default=15))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "orders.admin.sign_in.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
TEMPLATES = framework.templates(BASE_DIR / "orders" / "templates")
AUTH_PASSWORD_VALIDATORS = framework.PASSWORD_VALIDATORS

# --- Behind TLS: on outside development; /health stays reachable for probes without it ----------
HTTPS_ONLY = env.bool("HTTPS_ONLY", default=not DEBUG)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS_ONLY
SECURE_REDIRECT_EXEMPT = [r"^health(/|$)", r"^metrics/?$"]
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.bool("HSTS_SUBDOMAINS", default=False)
if env.bool("TRUST_FORWARDED_PROTO", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Static files ----------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True

# --- Database --------------------------------------------------------------------------------
_DATABASE = env.database("DATABASE_URL", default=f"sqlite:///{quote(str(DATA_DIR / 'engine.sqlite3'))}")
DATABASES = {"default": database.with_options(_DATABASE, is_worker=IS_WORKER)}

# --- Redis: broker, channel layer, cache -----------------------------------------------------
REDIS_URL = redis_urls.redis_url(
    env.str("REDIS_URL", default=None),
    env.str("REDIS_HOST", default=None),
    env.int("REDIS_PORT", default=6379),
)
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [redis_urls.with_database(REDIS_URL, redis_urls.LAYER_DB)],
            "prefix": "orderengine",
        },
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis_urls.with_database(REDIS_URL, redis_urls.CACHE_DB),
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

# For how long answers about orders under way are kept there; 0 switches it off.
ORDER_CACHE_SECONDS = env.int("ORDER_CACHE_SECONDS", default=30)

# --- Celery: why each value, see docs/decisions ----------------------------------------------
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=redis_urls.broker_url(REDIS_URL))
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# No task time limits: Celery's do nothing with threads. orders.pipeline.stage_limit ends what hangs.
# A frozen broker holds anyone who publishes for one socket_timeout, not for six: the sweeper tries again.
CELERY_TASK_PUBLISH_RETRY = False
URGENT_QUEUE = broker.URGENT_QUEUE
OWN_BUILD_QUEUE = broker.OWN_BUILD_QUEUE
CELERY_TASK_QUEUES = broker.QUEUES
CELERY_TASK_DEFAULT_QUEUE = "route"
CELERY_TASK_ROUTES = {
    "orders.build_orders": {"queue": "build"},
    "orders.submit_orders": {"queue": "submit"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = broker.transport_options(CELERY_BROKER_URL)
CELERY_DB_REUSE_MAX = 10_000_000

# --- API -------------------------------------------------------------------------------------
REST_FRAMEWORK = framework.REST
KNOX_TOKEN_MODEL = "knox.AuthToken"  # noqa: S105
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer"}
SPECTACULAR_SETTINGS = framework.OPENAPI
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
WEBSOCKET_MAX_MESSAGE_BYTES = 16 * 1024
# Limits for each user; 0 switches one off, as in development.
ORDERS_PER_MINUTE = env.int("ORDERS_PER_MINUTE", default=0 if DEBUG else 600)
REQUESTS_PER_MINUTE = env.int("REQUESTS_PER_MINUTE", default=0 if DEBUG else 1200)
SOCKETS_PER_USER = env.int("SOCKETS_PER_USER", default=0 if DEBUG else 100)
SUBSCRIPTIONS_PER_SOCKET = env.int("SUBSCRIPTIONS_PER_SOCKET", default=1000)
# The most that a request may take for its line and headers.
REQUEST_HEAD_SECONDS = env.int("REQUEST_HEAD_SECONDS", default=10)
SOCKET_STALL_SECONDS = env.int("SOCKET_STALL_SECONDS", default=20)
SOCKET_CHECK_SECONDS = env.int("SOCKET_CHECK_SECONDS", default=15)
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_ALLOW_HEADERS = ("authorization", "content-type", "idempotency-key", "x-request-id")
CORS_EXPOSE_HEADERS = ("Location", "Idempotent-Replayed", "Retry-After", "X-Request-ID")

# --- Solana ----------------------------------------------------------------------------------
SOLANA_NETWORK = env.str("SOLANA_NETWORK", default="localnet")
# Without credentials a caller is the user `local`, but only in development: on loopback, with play money.
LOCAL_USER_ALLOWED = DEBUG and HOST in {"127.0.0.1", "localhost", "::1"} and SOLANA_NETWORK == "localnet"
# The engine's own localnet may have another port: commands beside it find it by what it has published.
SOLANA_RPC_URL = env.str(
    "SOLANA_RPC_URL", default=published.rpc_url(DATA_DIR, SOLANA_NETWORK, "http://127.0.0.1:8899")
)
# Where nodes take subscriptions; empty: beside SOLANA_RPC_URL, as nodes do. "off": none.
SOLANA_WS_URL = env.str("SOLANA_WS_URL", default="")
# Tokens besides those of the network's list: SYMBOL=MINT:DECIMALS, not for mainnet-beta.
TOKENS = env.dict("TOKENS", default={})
# Dangers of a mint that are warned of and not refused: dex.tokens.mint.Danger.
ALLOWED_TOKEN_DANGERS = env.list("ALLOWED_TOKEN_DANGERS", default=[])
# Routes: over which tokens two hops may go, how many hops a path and paths a route may have.
MIDDLE_TOKENS = env.list("MIDDLE_TOKENS", default=["SOL", "USDC", "USDT"])
# Some 4 s: pools move on, and what is signed is to be what they give now.
QUOTE_LASTS_SLOTS = env.int("QUOTE_LASTS_SLOTS", default=10)
# How old the accounts may be that an order was quoted by when it is signed by the same; 0 reads them again.
QUOTED_STATE_LASTS_MS = env.int("QUOTED_STATE_LASTS_MS", default=1_000)
MAX_HOPS = env.int("MAX_HOPS", default=2)
MAX_SPLITS = env.int("MAX_SPLITS", default=3)
# Venues that are off unless they are named here: dex.venues.registry.EXTRA_VENUES.
EXTRA_VENUES = env.list("EXTRA_VENUES", default=[])
# Pools that are known beforehand, by address; the others are looked for in the background.
POOLS = env.list("POOLS", default=[])
POOLS_FILE = env.str("POOLS_FILE", default="")
# A pool in which a purchase and a sale of what it bought lose more is not asked: dex.routing.depth.
MAX_ROUND_TRIP_LOSS_BPS = env.int("MAX_ROUND_TRIP_LOSS_BPS", default=3_000)
POOL_REFRESH_SECONDS = env.int("POOL_REFRESH_SECONDS", default=300)
SOLANA_MAX_SLOTS_BEHIND = env.int("SOLANA_MAX_SLOTS_BEHIND", default=25)
# How far the best price may differ between two nodes that are well before an order waits.
NODE_PRICE_TOLERANCE_BPS = env.int("NODE_PRICE_TOLERANCE_BPS", default=100)
SOLANA_COMMITMENT = env.str("SOLANA_COMMITMENT", default="confirmed")
# On devnet alone: what an order may do without SOL while the faucet gives none.
DEVNET_PAPER_FALLBACK = env.bool("DEVNET_PAPER_FALLBACK", default=False)
# Real money asks for a deliberate yes, and for limits: orders.checks.
ALLOW_MAINNET = env.bool("ALLOW_MAINNET", default=False)
MAX_ORDER_AMOUNTS = env.dict("MAX_ORDER_AMOUNTS", default={})
# The most that may be sold in a day (UTC), counted where transactions are stored: orders.wallets.caps.
MAX_DAY_AMOUNTS = env.dict("MAX_DAY_AMOUNTS", default={})
MAX_DAY_AMOUNTS_PER_USER = env.dict("MAX_DAY_AMOUNTS_PER_USER", default={})
MAX_DAY_AMOUNTS_PER_WALLET = env.dict("MAX_DAY_AMOUNTS_PER_WALLET", default={})
# Trading goes off by itself after so many failed transactions, or so much lost, within so many minutes.
HALT_AFTER_FAILED_ATTEMPTS = env.int(
    "HALT_AFTER_FAILED_ATTEMPTS", default=20 if SOLANA_NETWORK == "mainnet-beta" else 0
)
HALT_AFTER_LOSS = env.dict("HALT_AFTER_LOSS", default={})
HALT_WINDOW_MINUTES = env.int("HALT_WINDOW_MINUTES", default=10)
WALLET_ADDRESS = env.str("WALLET_ADDRESS", default="")
# Who signs: a key in the worker's memory, or a service. Only workers are given key and credentials.
SIGNER = env.str("SIGNER", default="memory")
WALLET_KEYPAIR = env.str("WALLET_KEYPAIR", default="")
VAULT_ADDR = env.str("VAULT_ADDR", default="")
VAULT_KEY = env.str("VAULT_KEY", default="")
VAULT_TOKEN = env.str("VAULT_TOKEN", default="")
VAULT_TOKEN_FILE = env.str("VAULT_TOKEN_FILE", default="")
VAULT_NAMESPACE = env.str("VAULT_NAMESPACE", default="")
VAULT_CACERT = env.str("VAULT_CACERT", default="")
AWS_KMS_KEY_ID = env.str("AWS_KMS_KEY_ID", default="")
AWS_REGION = env.str("AWS_REGION", default="")
EXPLORER_URL = env.str("EXPLORER_URL", default="https://explorer.solana.com")

# --- Orders ----------------------------------------------------------------------------------
DEFAULT_SLIPPAGE_BPS = env.int("DEFAULT_SLIPPAGE_BPS", default=50)
# Of stop losses and trailing stops that say none: a stop that is too strict does not sell in a fall.
STOP_SLIPPAGE_BPS = env.int("STOP_SLIPPAGE_BPS", default=2_000)
# What must hold before a sniper order that says nothing buys; the most of the supply in one account.
_CAREFUL = "mintAuthorityRevoked,freezeAuthorityRevoked,feeAuthorityRevoked,lpBurned,sellable"
SNIPER_REQUIRE = env.list("SNIPER_REQUIRE", default=_CAREFUL.split(","))
SNIPER_MAX_HOLDER_SHARE_BPS = env.int("SNIPER_MAX_HOLDER_SHARE_BPS", default=2_000)
# How far a stop's price may be from the median of the last minutes before it is held back for a while.
STOP_GUARD_BPS = env.int("STOP_GUARD_BPS", default=2_000)
STOP_GUARD_SECONDS = env.int("STOP_GUARD_SECONDS", default=5)
# What failed attempts of one waiting order may cost within a day; 0 for no bound.
MAX_FAILED_COST_LAMPORTS = env.int("MAX_FAILED_COST_LAMPORTS", default=5_000_000)
# How often prices are looked at for orders that wait: about a slot.
WATCH_SECONDS = env.float("WATCH_SECONDS", default=0.4)
# Whose prices are sampled: orders.triggers.price_history. "traded": pairs of open orders and of late swaps.
PRICE_SAMPLES = env.str("PRICE_SAMPLES", default="listed" if SOLANA_NETWORK == "localnet" else "traded")
# Which new pools are looked for: orders.launches. "wanted": those of mints that open sniper orders name.
LAUNCHES = env.str("LAUNCHES", default="all" if SOLANA_NETWORK == "localnet" else "wanted")
LAUNCH_POLL_SECONDS = env.int("LAUNCH_POLL_SECONDS", default=10)
LAUNCH_KEEP_HOURS = env.int("LAUNCH_KEEP_HOURS", default=72)
AUTO_SLIPPAGE_CAP_BPS = env.int("AUTO_SLIPPAGE_CAP_BPS", default=300)
MAX_SLIPPAGE_BPS = env.int("MAX_SLIPPAGE_BPS", default=5_000)
MAX_PRICE_IMPACT_BPS = env.int("MAX_PRICE_IMPACT_BPS", default=1_000)
MAX_COST_BPS = env.int("MAX_COST_BPS", default=1_500)
MAX_PRICE_GAP_BPS = env.int("MAX_PRICE_GAP_BPS", default=500)
PRIORITY_FEE = env.str("PRIORITY_FEE", default="0" if SOLANA_NETWORK == "localnet" else "auto")
SNIPER_PRIORITY_FEE = env.str("SNIPER_PRIORITY_FEE", default="0" if SOLANA_NETWORK == "localnet" else "max")
PRIORITY_FEE_FLOOR = env.int("PRIORITY_FEE_FLOOR", default=1_000)
PRIORITY_FEE_CAP = env.int("PRIORITY_FEE_CAP", default=5_000_000)
SIMULATE_COMPUTE_UNITS = env.bool("SIMULATE_COMPUTE_UNITS", default=SOLANA_NETWORK != "localnet")
# The most lamports that an attempt may pay for its place in a block, for its tip; an order for all of it.
MAX_PRIORITY_FEE_LAMPORTS = env.int("MAX_PRIORITY_FEE_LAMPORTS", default=10_000_000)
MAX_TIP_LAMPORTS = env.int("MAX_TIP_LAMPORTS", default=10_000_000)
MAX_ORDER_FEE_LAMPORTS = env.int("MAX_ORDER_FEE_LAMPORTS", default=20_000_000)
# Accounts that shorten transactions: routes of several pools fit only with one that holds their addresses.
LOOKUP_TABLES = env.list("LOOKUP_TABLES", default=[])
JITO_URL = env.str("JITO_URL", default="")
JITO_TIP_LAMPORTS = env.int("JITO_TIP_LAMPORTS", default=0)
LEASE_SECONDS = env.int("LEASE_SECONDS", default=30)
SWEEP_SECONDS = env.int("SWEEP_SECONDS", default=2)
REBROADCAST_SECONDS = env.int("REBROADCAST_SECONDS", default=2)
DISPATCH_BATCH = 64

# --- Metrics ---------------------------------------------------------------------------------
# prometheus_client reads the first from the environment itself, when it is imported.
PROMETHEUS_MULTIPROC_DIR = env.str("PROMETHEUS_MULTIPROC_DIR", default="")
WORKER_METRICS_PORT = env.int("WORKER_METRICS_PORT", default=0)

# --- Logs ------------------------------------------------------------------------------------
# Readable lines for people, JSON for machines: one object a line.
LOG_FORMAT = env.str("LOG_FORMAT", default="readable" if DEBUG else "json")
# Python's own warnings too become lines like all others.
logging.captureWarnings(LOG_FORMAT == "json")
SECRETS = secrecy.known_secrets(
    texts=(
        *(SECRET_KEY, WALLET_KEYPAIR, VAULT_TOKEN, DATABASES["default"].get("PASSWORD", "")),
        *secrecy.header_values(env.str("OTEL_EXPORTER_OTLP_HEADERS", default="")),
        *secrecy.header_values(os.environ.get("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "")),
    ),
    urls=(
        *(REDIS_URL, CELERY_BROKER_URL, VAULT_ADDR, JITO_URL, OTEL_EXPORTER_OTLP_ENDPOINT),
        os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ""),
        *(url.strip() for url in f"{SOLANA_RPC_URL},{SOLANA_WS_URL}".split(",")),
    ),
)
LOGGING = logs.logging_config(LOG_FORMAT, env.log_level("LOG_LEVEL", default="INFO"), SECRETS)
DEFAULT_EXCEPTION_REPORTER_FILTER = "orderengine.secrecy.DiscreetErrorPages"
