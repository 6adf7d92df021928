"""The admin: an order browser that shows everything and writes nothing, and a dashboard.

orders.py       the list, and the page of one order
columns.py filters.py search.py listing.py    of the list; each affordable at a million orders
record.py routes.py    what the page of one order shows: steps, routes, amounts
open_orders.py waiting.py    what waits and how far off it is; groups, watched pairs
snipers.py      sniper orders that wait, and by which rules
launches.py     new pools, and the watch for them
actions.py csv_export.py    cancel and export
dashboard.py theme.py    the first page, the menu
days.py charts.py numbers.py    days and weeks, use by user and token; bars and numbers
wallets.py      what the wallet holds, has committed and may sell; caps
fleet.py        workers and nodes
trading.py      the kill switch, and who may throw it
pools.py        the pools, and who may switch them
sign_in.py      each try to sign in leaves an entry; the code of an authenticator
accounts.py     who may sign in, whose tokens there are
"""

from django.contrib import admin

from orders.admin import (
    accounts,
    days,
    fleet,
    launches,
    open_orders,
    orders,
    pools,
    snipers,
    theme,
    trading,
    waiting,
    wallets,
)
from orders.admin.sign_in import SignInForm, may_enter

__all__ = [
    "accounts",
    "days",
    "fleet",
    "launches",
    "open_orders",
    "orders",
    "pools",
    "snipers",
    "trading",
    "waiting",
    "wallets",
]

admin.site.login_form = SignInForm
admin.site.login_template = "admin/sign_in.html"
admin.site.has_permission = may_enter  # type: ignore[method-assign]
admin.site.each_context = theme.with_trading(admin.site.each_context)  # type: ignore[method-assign]
admin.site.index_template = "admin/dashboard.html"
