"""Waiting for what a busy machine does in its own time."""

import time

_LONGEST_S = 30.0


def eventually(happened):
    """Wait until a function returns something true, and return that."""
    until = time.monotonic() + _LONGEST_S
    while not (found := happened()):
        assert time.monotonic() < until, "it did not happen in 30 s"
        time.sleep(0.05)
    return found
