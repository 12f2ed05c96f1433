"""A private event loop in a thread: what runs on it never meets the caller's own."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from meanrev_server.app import App
from meanrev_server.config import Settings

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["Runner", "shared"]

R = TypeVar("R")

_CLOSE_S = 10.0


class Runner:
    """An App on an event loop of its own, in a daemon thread.

    Attributes:
        app: What it drives.
        loop: Where.
    """

    def __init__(self, settings: Settings) -> None:
        """Start the thread; nothing listens.

        Args:
            settings: The App's.
        """
        self.app = App(settings)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="meanrev-local", daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, R]) -> "Future[R]":
        """Run a coroutine on the private loop; the future's cancel cancels it.

        Args:
            work: The coroutine.
        """
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def close(self) -> None:
        """End the thread and release the App's own."""
        self.app.close()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            _cancel_all(self.loop)
        finally:
            self.loop.close()


class _Shared:
    """The process's one Runner: clients of "local" share marks, as clients of one server do."""

    def __init__(self) -> None:
        self._runner: Runner | None = None
        self._process = 0
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._forked)

    def _forked(self) -> None:
        """Drop the parent's tasks without a warning, and make a new lock."""
        # Another thread may hold the lock at a fork, for as long as kernels compile: no one would release it there.
        self._lock = threading.Lock()
        if self._runner is not None:
            with suppress(RuntimeError):  # the set of tasks was about to change
                for task in asyncio.all_tasks(self._runner.loop):
                    task._log_destroy_pending = False  # type: ignore[attr-defined] # noqa: SLF001 - as asyncio.gather does

    def get(self) -> Runner:
        """Return it, made at the first call and again in a forked child."""
        with self._lock:
            if self._runner is None or self._process != os.getpid():
                self._runner, self._process = Runner(Settings()), os.getpid()
            return self._runner


_SHARED = _Shared()


def shared() -> Runner:
    """Return the Runner that all clients of "local" in this process use."""
    return _SHARED.get()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
