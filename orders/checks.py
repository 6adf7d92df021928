"""System checks: configurations that must not run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register, run_checks
from django.core.exceptions import ImproperlyConfigured

from dex.errors import DexError, WrongNetwork
from orders import gateway
from orders.launches import wanted
from orders.telemetry import starting
from orders.triggers import price_history
from orders.wire.launch_terms import REQUIREMENTS

# `manage.py run_engine`, every web server and every worker run the checks of this tag before anything else.
TAG: Final = "orders"
# A web server runs these too: `manage.py run_engine` makes what they ask for before it starts one.
WEB_TAG: Final = "orders-web"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_BASIS_POINTS: Final = 10_000
# As Django's own deployment check asks for (security.W009).
_LEAST_KEY_LETTERS: Final = 50
_LEAST_KEY_VARIETY: Final = 5
_PLAY_NETWORK: Final = "localnet"
# What a signer cannot do without. Secrets are not in it: only workers are given those, and look themselves.
_SIGNER_NEEDS: Final[Mapping[str, Sequence[str]]] = {
    "memory": (),
    "vault": ("WALLET_ADDRESS", "VAULT_ADDR", "VAULT_KEY"),
    "aws-kms": ("WALLET_ADDRESS", "AWS_KMS_KEY_ID"),
}
_COMMITMENTS: Final = ("confirmed", "finalized")


def config_errors(*tags: str) -> list[str]:
    """The errors of the checks of these tags, each with hint and id; asks neither database nor node."""
    found = [each for each in run_checks(tags=[TAG, *tags]) if each.is_serious() and not each.is_silenced()]
    return [f"{each.msg} {each.hint} ({each.id})" for each in found]


def refuse_config_errors(process: str, *tags: str) -> None:
    """Raise SystemExit with a line for each of `config_errors`: such settings are none to trade with.

    daphne runs no system checks. Celery does, but does not heed them, and lets no other exception out of a
    signal.
    """
    found = config_errors(*tags)
    if found:
        raise SystemExit("\n".join(f"{process} does not start: {fault}" for fault in found))


@register(TAG)
def local_user_stays_local(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Callers without credentials are served in development, on loopback and with play money only."""
    in_development = settings.DEBUG and settings.HOST in _LOOPBACK
    if settings.LOCAL_USER_ALLOWED and not (in_development and settings.SOLANA_NETWORK == _PLAY_NETWORK):
        hint = "Keep HOST on loopback, DEBUG on and the network localnet, or give callers tokens."
        return [Error("Everybody on the network could trade as `local`.", hint=hint, id="orders.E001")]
    return []


@register(TAG)
def debug_is_for_development(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """DEBUG shows settings and source to anyone who meets an error: on loopback and with play money only."""
    faults: list[CheckMessage] = []
    if settings.DEBUG and settings.HOST not in _LOOPBACK:
        hint = "Set DEBUG=false, SECRET_KEY and ALLOWED_HOSTS, or HOST=127.0.0.1."
        faults.append(Error(f"DEBUG is on while HOST is {settings.HOST}.", hint=hint, id="orders.E008"))
    if settings.DEBUG and settings.SOLANA_NETWORK != _PLAY_NETWORK:
        hint = "Set DEBUG=false, SECRET_KEY and ALLOWED_HOSTS."
        text = f"DEBUG is on while SOLANA_NETWORK is {settings.SOLANA_NETWORK}."
        faults.append(Error(text, hint=hint, id="orders.E009"))
    return faults


@register(TAG)
def slippage_limits_make_sense(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Slippage and price impact are shares of the quote: from nothing to all of it."""
    found: list[CheckMessage] = []
    if not 0 <= settings.DEFAULT_SLIPPAGE_BPS <= settings.MAX_SLIPPAGE_BPS <= _BASIS_POINTS:
        hint = "0 <= DEFAULT_SLIPPAGE_BPS <= MAX_SLIPPAGE_BPS <= 10000"
        found.append(Error("The slippage limits contradict each other.", hint=hint, id="orders.E002"))
    for name in (
        "MAX_PRICE_IMPACT_BPS",
        "MAX_COST_BPS",
        "MAX_PRICE_GAP_BPS",
        "NODE_PRICE_TOLERANCE_BPS",
        "MAX_ROUND_TRIP_LOSS_BPS",
        "SNIPER_MAX_HOLDER_SHARE_BPS",
    ):
        if not 0 <= getattr(settings, name) <= _BASIS_POINTS:
            hint = f"0 <= {name} <= 10000"
            found.append(Error("No share of a price is beyond 10000 bps.", hint=hint, id="orders.E009"))
    return found


@register(TAG)
def sniper_requirements_are_known(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """A requirement that is spelled wrong would require nothing."""
    unknown = [name for name in settings.SNIPER_REQUIRE if name not in REQUIREMENTS]
    hint = f"Of {', '.join(REQUIREMENTS)}."
    return [Error(f"SNIPER_REQUIRE names {name}.", hint=hint, id="orders.E035") for name in unknown]


@register(WEB_TAG)
def the_secret_key_cannot_be_guessed(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """SECRET_KEY signs sessions; development on loopback may use the well-known one."""
    try:
        key = settings.SECRET_KEY
    except ImproperlyConfigured:
        key = ""
    if settings.DEBUG or (len(key) >= _LEAST_KEY_LETTERS and len(set(key)) >= _LEAST_KEY_VARIETY):
        return []
    hint = "python -c 'import secrets; print(secrets.token_urlsafe(50))' makes one."
    text = f"SECRET_KEY has fewer than {_LEAST_KEY_LETTERS} letters, or hardly different ones."
    return [Error(text, hint=hint, id="orders.E010")]


@register(TAG)
def limits_are_no_negative_numbers(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """0 switches a limit off; less means nothing."""
    names = ("ORDERS_PER_MINUTE", "REQUESTS_PER_MINUTE", "SOCKETS_PER_USER", "SUBSCRIPTIONS_PER_SOCKET")
    wrong = [name for name in names if getattr(settings, name) < 0]
    return [Error(f"{name} is less than 0.", hint="0 switches it off.", id="orders.E003") for name in wrong]


@register(TAG)
def the_signer_is_described(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """SIGNER names a backend that exists, with the settings that it cannot do without."""
    needs = _SIGNER_NEEDS.get(settings.SIGNER)
    if needs is None:
        hint = f"One of {', '.join(_SIGNER_NEEDS)}."
        return [Error("SIGNER names no signer.", hint=hint, id="orders.E020")]
    missing = [name for name in needs if not getattr(settings, name)]
    return [
        Error(f"SIGNER={settings.SIGNER} needs {name}.", hint="Set it.", id="orders.E021") for name in missing
    ]


@register(TAG)
def network_may_be_traded_on(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """A known network, caps that can be read, and for real money a deliberate yes with limits."""
    hint = "See docs/networks.md."
    faults: list[CheckMessage] = [
        Error(fault, hint=hint, id="orders.E004") for fault in gateway.network_config_errors()
    ]
    faults += [Error(f"{fault}.", hint=hint, id="orders.E007") for fault in gateway.token_config_errors()]
    faults += [Error(f"{fault}.", hint=hint, id="orders.E032") for fault in gateway.pool_config_errors()]
    faults += [Error(f"{fault}.", hint=hint, id="orders.E033") for fault in gateway.venue_config_errors()]
    if settings.SOLANA_COMMITMENT not in _COMMITMENTS:
        text = f"SOLANA_COMMITMENT is one of {', '.join(_COMMITMENTS)}."
        faults.append(Error(text, hint="A processed block is often dropped.", id="orders.E005"))
    return faults


@register(TAG)
def the_priority_fee_can_be_read(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """A level or a price, within bounds that make sense; a tip where Jito is."""
    hint = "See docs/landing.md."
    return [
        Error(f"{fault}.", hint=hint, id="orders.E030")
        for fault in (
            *gateway.fee_config_errors(),
            *gateway.relay_config_errors(),
            *gateway.table_config_errors(),
        )
    ]


@register(TAG)
def dangers_of_tokens_have_known_names(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """What is not refused is allowed by its exact name."""
    hint = "Names are separated by commas."
    return [Error(f"{fault}.", hint=hint, id="orders.E031") for fault in gateway.danger_config_errors()]


@register(TAG)
def new_pools_can_be_looked_for(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """LAUNCHES is a known word, and pools are listed and kept for a while."""
    faults: list[CheckMessage] = []
    if settings.LAUNCHES not in wanted.CHOICES:
        text = f"LAUNCHES is one of {', '.join(wanted.CHOICES)}."
        faults.append(Error(text, hint="See docs/launches.md.", id="orders.E035"))
    for name in ("LAUNCH_POLL_SECONDS", "LAUNCH_KEEP_HOURS"):
        if getattr(settings, name) < 1:
            faults.append(Error(f"{name} is at least 1.", hint="See docs/settings.md.", id="orders.E036"))
    return faults


@register(TAG)
def prices_can_be_sampled(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """PRICE_SAMPLES is a known word."""
    if settings.PRICE_SAMPLES in price_history.CHOICES:
        return []
    text = f"PRICE_SAMPLES is one of {', '.join(price_history.CHOICES)}."
    return [Error(text, hint="See docs/settings.md.", id="orders.E038")]


@register(TAG)
def traces_can_be_given(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Where a collector is named, what speaks to it is installed."""
    hint = "Unset OTEL_EXPORTER_OTLP_ENDPOINT to do without traces."
    return [Error(f"{fault}.", hint=hint, id="orders.E040") for fault in starting.config_errors()]


@register(deploy=True)
def node_is_of_the_network(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """`check --deploy` asks the node for network and tokens; a worker asks at its start and before it signs.

    A node that does not answer is no fault of the settings.
    """
    try:
        gateway.require_network()
        gateway.require_tokens()
    except WrongNetwork as error:
        return [Error(str(error), hint="SOLANA_NETWORK must fit SOLANA_RPC_URL.", id="orders.E006")]
    except gateway.WrongToken as error:
        return [Error(str(error), hint="TOKENS must fit the network.", id="orders.E008")]
    except DexError:
        return []
    return []
