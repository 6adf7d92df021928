"""Sets of orders that have indexes of their own, spelled so that queries find them.

SQLite uses a partial index only when the query repeats the index's condition with the very same
literals; a bound parameter proves nothing to it. So these conditions write their words into the
statement. PostgreSQL understands either spelling.

They are chains of OR: of a list behind IN of three words or more SQLite makes a table anew for each index of
each row that changes its status, which cost more than all the rest of the UPDATE.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Func, Q, Value

from orders.lifecycle import ACTIVE, FINAL, UNFINISHED, WAITING, AttemptState, Status


class _Written(Value):
    """A member of an enumeration as a literal of the statement instead of a parameter."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        """Only members of `Status` and `AttemptState` get here: none holds a quote."""
        return f"'{_known(self.value)}'", ()


def _known(word: Any) -> str:
    return (Status(word) if word in Status.values else AttemptState(word)).value


class Unindexed(Func):
    """A column that SQLite is not to look for in an index.

    Of two indexes that fit it takes either, as it keeps no statistics; a plus keeps a term off
    (https://www.sqlite.org/optoverview.html, section 1.1). PostgreSQL weighs them itself.
    """

    arity = 1
    template = "%(expressions)s"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:
        sql, parameters = self.as_sql(compiler, connection, template="+%(expressions)s", **context)
        return sql, tuple(parameters)


def in_index_order(statuses: Iterable[Status]) -> list[str]:
    """The words of an index's condition; its queries have to give them in the same order."""
    return sorted(status.value for status in statuses)


def condition_of(statuses: Iterable[Status]) -> Q:
    """That an order stands at one of ``statuses``, as the condition of an index."""
    return _either(Q(status=word) for word in in_index_order(statuses))


def written(statuses: Iterable[Status]) -> str:
    """The same for a statement that is written out."""
    either = " OR ".join(f"\"status\" = '{word}'" for word in in_index_order(statuses))
    return f"({either})"


def _one_of(statuses: Iterable[Status], column: str = "status") -> Q:
    return _either(Q((column, _Written(word))) for word in in_index_order(statuses))


def _either(conditions: Iterable[Q]) -> Q:
    return functools.reduce(operator.or_, conditions)


# Orders that a worker must see to, by `due_at`.
IS_ACTIVE: Final = _one_of(ACTIVE)
# Orders that wait for their trigger.
IS_WAITING: Final = _one_of(WAITING)
# Rows beside orders that wait for their trigger.
OF_WAITING_ORDER: Final = _one_of(WAITING, "order__status")
# Orders that have not ended, by user.
IS_UNFINISHED: Final = _one_of(UNFINISHED)
# Orders that have ended, by user and one more column.
HAS_ENDED: Final = _one_of(FINAL)
# Orders that have swapped, by user and when.
IS_CONFIRMED: Final = Q(status=_Written(Status.CONFIRMED.value))
# Attempts that the chain has not decided about.
IS_OPEN: Final = Q(state=_Written(AttemptState.OPEN.value))
# Attempts of orders whose block may still be dropped, by when the order was confirmed.
IS_NOT_YET_FINAL: Final = Q(order__status=_Written(Status.CONFIRMED.value), order__finalized_at__isnull=True)
# Attempts that were in vain, by when they were signed.
FAILED_STATES: Final = (AttemptState.EXPIRED.value, AttemptState.FAILED_ONCHAIN.value)
HAS_FAILED: Final = Q(state__in=[_Written(state) for state in FAILED_STATES])
