"""The errors of this room.

ConnectionError
└── WorkerLost   the worker ended, or does not come up
RuntimeError
└── Poisonous    a computation that ended workers before
"""

__all__ = ["Poisonous", "WorkerLost"]


class WorkerLost(ConnectionError):
    """The worker ended while it computed, or none is there in time; the same computation may succeed later.

    Attributes:
        under_way: The worker ended while it computed this, and by itself.
    """

    def __init__(self, message: str, *, under_way: bool = False) -> None:
        self.under_way = under_way
        super().__init__(message)


class Poisonous(RuntimeError):
    """A computation at which workers ended twice; no worker gets it again."""
