"""The errors of batch runs.

BatchError
├── BadOption      an option breaks its rule, alone or with the universe
├── BadUniverse    too few names of the universe can be used
├── ForeignFolder  the folder holds other files, or no run at all
├── BusyFolder     another process computes in the folder
├── OtherRun       the folder holds a run with other options or another universe
├── NoEngine       the engine is not installed, does not answer, or cannot be used
│   └── NoDevice   it has too few GPUs
├── Incomplete     chunks that the answer needs are missing or damaged
└── StoppedRun     too many of the first chunks failed, so that the others were not tried
"""

__all__ = [
    "BadOption",
    "BadUniverse",
    "BatchError",
    "BusyFolder",
    "ForeignFolder",
    "Incomplete",
    "NoDevice",
    "NoEngine",
    "OtherRun",
    "StoppedRun",
]


class BatchError(Exception):
    """Base of every error that meanrev_batch defines."""


class BadOption(BatchError, ValueError):
    """An option breaks its rule."""

    def __init__(self, field: str, rule: str, value: object) -> None:
        """Make the error.

        Args:
            field: The option's name.
            rule: What is allowed, as a phrase that follows the name.
            value: What was given.
        """
        super().__init__(f"{field} {rule}, got {value!r}")
        self.field, self.rule, self.value = field, rule, value


class BadUniverse(BatchError, ValueError):
    """Too few names of the universe can be used."""


class ForeignFolder(BatchError):
    """The folder is not one of a batch run."""


class BusyFolder(BatchError):
    """Another process computes in the folder."""


class NoEngine(BatchError):
    """The engine is not installed, does not answer, or cannot be used."""


class NoDevice(NoEngine):
    """The engine has too few GPUs."""


class OtherRun(BatchError):
    """The folder holds a run with other options or another universe."""


class Incomplete(BatchError):
    """Chunks that the answer needs are missing or damaged; the others are kept."""


class StoppedRun(Incomplete):
    """Too many of the first chunks failed."""
