"""The errors of this room.

ConnectionError
└── WorkerLost   the worker ended, or does not come up
RuntimeError
└── Poisonous    a computation that ended workers before
"""

__all__ = ["Poisonous", "WorkerLost"]


class WorkerLost(ConnectionError):
    """The worker ended while it computed, or none is there in time; the same computation may succeed later."""


class Poisonous(RuntimeError):
    """A computation at which workers ended twice; no worker gets it again."""
