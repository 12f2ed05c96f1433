"""How a command ends badly: one sentence on stderr and an exit code.

click.ClickException
├── click.UsageError   2, click's own: a word that the command line does not know
└── Failure            any other code of ExitCode
"""

from enum import IntEnum

import click

__all__ = ["ExitCode", "Failure"]


class ExitCode(IntEnum):
    """What the shell sees."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    NO_SERVER = 3
    BAD_DATA = 4
    DEVICE = 5


class Failure(click.ClickException):
    """An end that the person at the keyboard can do something about.

    Attributes:
        exit_code: One of ExitCode.
    """

    def __init__(self, code: ExitCode, message: str) -> None:
        """Say what went wrong.

        Args:
            code: What the shell sees.
            message: One sentence: name, rule, value, and the knob that changes it.
        """
        super().__init__(message)
        self.exit_code = int(code)  # type: ignore[misc] # click declares it on the class and reads it on the instance
