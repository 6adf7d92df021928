"""What every REST call has in common: a query of known names, each once, and a caller."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.contrib.auth.models import AbstractBaseUser
from rest_framework.request import Request
from rest_framework.views import APIView

from orders.errors import Unauthenticated
from orders.wire.message import Rows
from orders.wire.request_fields import single_values

NO_QUERY: Final = Rows()
# In a request's scope, the position from which a call that waits is made again.
AGAIN: Final = "orders.again"


class Endpoint(APIView):
    """A view that refuses query parameters that its ``query`` does not name: they would be passed over."""

    query: ClassVar[Rows] = NO_QUERY
    # Methods that take no query though others of the same address do.
    without_query: ClassVar[frozenset[str]] = frozenset({"POST", "PATCH", "DELETE"})

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who calls, how often, and now with what query; raises InvalidRequest."""
        super().initial(request, *args, **kwargs)
        if not hasattr(self, str(request.method).lower()):
            # Not offered here at all, which is answered first.
            return
        known = NO_QUERY if request.method in self.without_query else self.query
        self.values = single_values(dict(request.query_params.lists()), known.names)

    def check_throttles(self, request: Request) -> None:
        """Count a call once, also where the server makes it again because it waits for something."""
        if getattr(request, "scope", {}).get(AGAIN) is None:
            super().check_throttles(request)

    @staticmethod
    def caller(request: Request) -> AbstractBaseUser:
        """The user of a request; the permission classes have let nobody else in. Raises Unauthenticated."""
        if not isinstance(request.user, AbstractBaseUser):
            raise Unauthenticated()
        return request.user
