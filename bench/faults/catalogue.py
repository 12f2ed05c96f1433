"""All rows of the table, in the order of the page; to import the modules registers their attacks."""

from bench.faults import ends, hostile, kept, leaving, messages, opened, requests, surroundings
from bench.faults.rows import ROWS, Spec

__all__ = ["MODULES", "catalogue"]

MODULES = (ends, hostile, kept, leaving, messages, opened, requests, surroundings)
"""The modules with attacks."""


def catalogue() -> dict[str, Spec]:
    """Return all rows by their numbers, in order."""
    return {number: ROWS[number] for number in sorted(ROWS, key=lambda each: tuple(map(int, each.split("."))))}
