"""Rows of the table: what each attack measures, what is required, and which defence and test it belongs to."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

__all__ = ["MIB", "ROWS", "Attack", "Figure", "Spec", "attack"]

MIB = 1024**2


class Figure(NamedTuple):
    """One figure that an attack measures.

    Attributes:
        what: What is measured.
        value: Its value.
        unit: "", "s", "ms", "MB".
        most: Highest value that is allowed; None where no value is too high.
        least: Lowest value that is allowed; None where no value is too low.
    """

    what: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the requirement is met; a figure without one meets it."""
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)


Attack = Callable[[], Iterator[Figure]]
"""Carries out an attack and yields what it measured."""


class Spec(NamedTuple):
    """One row of the table.

    Attributes:
        number: The row, such as "1.2"; rows of one number belong together.
        fault: The attack.
        required: What has to hold, in words.
        defence: The setting or the module that withstands it.
        test: The test of that defence, as path::function.
        run: The attack.
        settings: Settings that differ from those of the table, in words.
    """

    number: str
    fault: str
    required: str
    defence: str
    test: str
    run: Attack
    settings: str = ""


ROWS: dict[str, Spec] = {}
"""All rows, in the order of the page."""


def attack(number: str, fault: str, required: str, **more: Any) -> Callable[[Attack], Attack]:
    """Register an attack as a row; the arguments are those of Spec."""

    def register(run: Attack) -> Attack:
        assert number not in ROWS, number
        ROWS[number] = Spec(number, fault, required, run=run, **more)
        return run

    return register
