"""A pool whose threads are enough when the system gives no further one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from orders.platform.shortage import NoThread


class FrugalPool(ThreadPoolExecutor):
    """`submit` raises NoThread only where there is no thread at all, and then forgets the call."""

    def _adjust_thread_count(self) -> None:
        try:
            super()._adjust_thread_count()
        except (RuntimeError, MemoryError) as error:
            if self._threads:
                # One of them takes the call up, a little later.
                return
            self._work_queue.get_nowait()
            raise NoThread from error
