"""A thread that takes a lock when the interpreter ends and stops with it, as the threads of gRPC may."""

import atexit
import threading
import time

__all__ = ["take_at_the_end"]

_ENDS, _TAKEN = threading.Event(), threading.Event()
_THREADS: list[threading.Thread] = []


def take_at_the_end(lock):
    """Start the thread.

    Args:
        lock: What it takes once all functions of atexit that were registered after the import of this module are over.
    """
    _THREADS.append(threading.Thread(target=_take, args=(lock,), daemon=True))
    _THREADS[0].start()


def _take(lock):
    _ENDS.wait()
    with lock:
        _TAKEN.set()
        time.sleep(3600)


@atexit.register
def _end():
    _ENDS.set()
    if _THREADS:
        _TAKEN.wait()
