"""The errors of the worker's side that serves.

WorkerError
├── WorkerLost      the child process ended, or is not ready in time
└── RepeatedCrash   a computation at which child processes ended before
"""

__all__ = ["RepeatedCrash", "WorkerError", "WorkerLost"]


class WorkerError(Exception):
    """Base of every error that meanrev_worker defines."""


class WorkerLost(WorkerError, ConnectionError):
    """The child ended while it computed, or none is ready in time; the same computation may succeed later."""


class RepeatedCrash(WorkerError, RuntimeError):
    """A computation at which two children ended; no child gets it again."""
