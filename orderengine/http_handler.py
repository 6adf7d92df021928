"""Django over ASGI with one change of threads a request.

Django's own handler runs an asynchronous chain around synchronous views: each request gets a
thread of its own and changes threads once a layer. Here the whole request runs in one thread of
a bounded pool, as under WSGI, while WebSockets stay on the loop. Because the threads are few and
live long, a database connection a thread is no leak.

Requests that take long (``HTTP_POOLS``) have fewer threads of their own and a bound on how many may wait for
one: they never hold up the others.
"""

from __future__ import annotations

import asyncio
import contextvars
import re
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from os import SEEK_END
from typing import IO, Any, Final, cast

from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import HttpResponseBase
from django.urls import set_script_prefix
from django.utils.module_loading import import_string

from orderengine.long_poll import when_there_is_news
from orderengine.thread_pool import FrugalPool
from orders.api.endpoint import AGAIN
from orders.api.event_views import Waiting

THREADS: Final = 16


class SlowPool:
    """Threads for the paths that match; ``most`` requests are under work or wait, the rest is refused."""

    def __init__(self, pattern: str, threads: int, most: int) -> None:
        self.pattern = re.compile(pattern)
        self.threads = FrugalPool(threads, thread_name_prefix="http-slow")
        self.most = most
        self.held = 0


class ThreadedHandler(ASGIHandler):
    """Serves HTTP requests from a pool of threads."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware(is_async=False)
        self._threads = FrugalPool(THREADS, thread_name_prefix="http")
        self._pools = [SlowPool(*pool) for pool in settings.HTTP_POOLS]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError(f"only HTTP is served here, not {scope['type']}")
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        response = await self._response(scope, body)
        if isinstance(response, Waiting):

            async def answer_from(position: int) -> HttpResponseBase:
                # Closed with the first answer; only reads wait, and they have none.
                again, no_body = {**scope, AGAIN: position}, BytesIO()
                return cast(HttpResponseBase, await self._in_thread(self._respond, again, no_body))

            response = await when_there_is_news(response, answer_from, receive)
            if response is None:
                return
        try:
            await self.send_response(response, send)
        finally:
            if response.streaming:
                await self._in_thread(response.close)

    async def _response(self, scope: Any, body: IO[bytes]) -> Any:
        pool = next((pool for pool in self._pools if pool.pattern.fullmatch(scope["path"])), None)
        if pool is None:
            return await self._answer(scope, body, self._threads)
        if pool.held >= pool.most:
            return import_string(settings.OVERLOAD_HANDLER)()
        pool.held += 1
        try:
            return await self._answer(scope, body, pool.threads)
        finally:
            pool.held -= 1

    async def _answer(self, scope: Any, body: IO[bytes], threads: ThreadPoolExecutor) -> Any:
        try:
            return await self._in_thread(self._respond, scope, body, threads=threads)
        except Exception as error:
            # Outside the views nobody else answers, and daphne would take it for a fault.
            answer = import_string(settings.SHORTAGE_HANDLER)(error)
            if answer is None:
                raise
            return answer

    async def _in_thread(self, function: Any, *args: Any, threads: ThreadPoolExecutor | None = None) -> Any:
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(threads or self._threads, context.run, function, *args)

    def _respond(self, scope: Any, body: IO[bytes]) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        if request is not None:
            # A chunked body comes without a length, and REST framework reads none of unknown length.
            request.META["CONTENT_LENGTH"] = str(body.seek(0, SEEK_END))
            body.seek(0)
        response: Any = refusal if request is None else self.get_response(request)
        if not response.streaming:
            # Closing ends the request for Django and gives its connection back, in this thread.
            response.close()
        return cast(HttpResponseBase, response)
