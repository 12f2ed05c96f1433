"""Ids of jobs and kept matrices, which a user may shorten to their first digits."""

from collections.abc import Callable, Iterable

import meanrev
from meanrev_cli.failure import ExitCode, Failure

__all__ = ["MOST_LISTED", "SHOWN_DIGITS", "whole_job_id", "whole_matrix_id"]

MOST_LISTED = 1000
"""Most jobs or matrices that a server lists at once."""

SHOWN_DIGITS = 12
"""Digits of an id that a table or a heading shows."""

_DIGITS = 64


def whole_job_id(client: meanrev.Client, given: str) -> str:
    """Return the id of the caller's job that begins with what was given.

    Args:
        client: Of the server that has the job.
        given: The id, or its first digits.

    Raises:
        Failure: no job's id does, or several do.
    """

    def listed() -> Iterable[str]:
        return (job.job_id for job in client.jobs(limit=MOST_LISTED))

    return _whole(given, listed, ("job", "jobs"), "meanrev jobs list --json")


def whole_matrix_id(client: meanrev.Client, given: str) -> str:
    """Return the id of the caller's matrix that begins with what was given.

    Args:
        client: Of the server that keeps the matrix.
        given: The id, or its first digits.

    Raises:
        Failure: no matrix's id does, or several do.
    """

    def listed() -> Iterable[str]:
        return (kept.matrix_id for kept in client.matrices(limit=MOST_LISTED))

    return _whole(given, listed, ("matrix", "matrices"), "meanrev matrices --json")


def _whole(given: str, listed: Callable[[], Iterable[str]], nouns: tuple[str, str], command: str) -> str:
    """Return an id as it is, or the only one of those listed that begins with its first digits."""
    if len(given) == _DIGITS:
        return given
    found = [each for each in listed() if each.startswith(given)]
    if len(found) != 1:
        one, many = nouns
        which = f"{len(found)} {many} begin" if found else f"no {one} begins"
        raise Failure(ExitCode.BAD_DATA, f"{which} with {given!r}; `{command}` shows whole ids")
    return found[0]
