"""Arguments that the methods on a universe's residuals share."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.containers import table
from meanrev.intake.table import Table
from meanrev.methods import fields
from meanrev.methods.naming import SeriesNames

__all__ = ["bars", "levels", "members_rows", "one_factors", "several_factors"]


def one_factors(given: Any) -> Any:
    """Return one number of factors, or a share of the variance such as "55%", as it is sent.

    Raises:
        InvalidInput: it is neither.
    """
    return given if given is None or isinstance(given, str) else fields.integer("factors", given)


def several_factors(given: Any) -> list[Any] | None:
    """Return numbers of factors, or shares of the variance, as a list; one alone is a list of one.

    Raises:
        InvalidInput: one of them is neither.
    """
    if given is None:
        return None
    return [one_factors(each) for each in (given if _is_list(given) else [given])]


def bars(field: str, given: Any) -> list[int] | None:
    """Return one or more numbers of bars as a list, None where they are not given.

    Raises:
        InvalidInput: one is no whole number.
    """
    if given is None:
        return None
    return [fields.integer(field, each) for each in (given if _is_list(given) else [given])]


def levels(field: str, given: Any) -> Any:
    """Return one or more numbers as a list; a range as text stays, and so does None.

    Raises:
        InvalidInput: one is no number.
    """
    if given is None or isinstance(given, str):
        return given
    return fields.numbers(field, np.atleast_1d(np.asarray(given))).tolist()


def members_rows(given: Any, prices: Table, names: SeriesNames) -> dict[str, list[int]] | None:
    """Return the rows at which names are in the universe, as first rows and ends, by the names that are sent.

    Args:
        given: (T, N) of 0 and 1 in the form of the prices, or a mapping of names to pairs of a first row and an end;
            None where every name always is.
        prices: The prices.
        names: Of their columns.

    Raises:
        InvalidInput: the shape or the columns are not those of the prices, or an entry is neither 0 nor 1.
    """
    if given is None:
        return None
    if isinstance(given, Mapping) and not any(_is_flags(each, len(prices.values)) for each in given.values()):
        return {
            names.text(label, "members"): [
                fields.integer("members", row) for row in np.ravel(np.asarray(pairs, dtype=object)).tolist()
            ]
            for label, pairs in given.items()
        }
    read = table("members", given)
    flags = read.values
    if flags.shape != prices.values.shape:
        raise InvalidInput("members", f"must have the shape of the prices, {prices.values.shape}", value=flags.shape)
    if read.names and prices.names and read.names != prices.names:
        raise InvalidInput("members", "must have the columns of the prices, in their order", value=read.names)
    if not np.isin(flags, (0.0, 1.0)).all():
        raise InvalidInput("members", "must be 0 or 1")
    edges = np.diff(np.pad(flags, ((1, 1), (0, 0))), axis=0)
    return {
        name: np.flatnonzero(edges[:, place]).tolist() for place, name in enumerate(names) if not flags[:, place].all()
    }


def _is_list(given: Any) -> bool:
    return (
        isinstance(given, Sequence | np.ndarray)
        and not isinstance(given, str)
        and np.ndim(np.asarray(given, dtype=object)) == 1
    )


def _is_flags(given: Any, n_rows: int) -> bool:
    return np.ndim(given) == 1 and len(given) == n_rows and n_rows > 2
