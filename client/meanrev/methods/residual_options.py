"""Arguments that the methods on a universe's residuals share."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.containers import table
from meanrev.intake.table import Table
from meanrev.methods import fields
from meanrev.methods.naming import SeriesNames

__all__ = [
    "BookOptions",
    "FitOptions",
    "bars",
    "fit_options",
    "levels",
    "members_rows",
    "one_factors",
    "refuse_unknown",
    "several_factors",
]


class FitOptions(TypedDict, total=False):
    """Which names are fitted, and which fits are valid; None, or left out, is the default.

    Attributes:
        members: (T, N) of 0 and 1, which names are in the universe as it is known at each close; or a mapping of names
            to pairs of a first row and an end. All names are, always, by default.
        min_r2: Smallest r_squared of a valid fit; none by default.
        centre: Centre the means over the names of a day; True by default.
        drift: Let scores allow for alpha; False by default.
        min_dof: Smallest degrees of freedom of the regression; 20 by default.
        refit: Bars between two estimates of the factors; 1 by default.
    """

    members: Any
    min_r2: float | None
    centre: bool | None
    drift: bool | None
    min_dof: int | None
    refit: int | None


class BookOptions(FitOptions, total=False):
    """How scores are made and traded, beside what FitOptions has; None, or left out, is the default.

    Attributes:
        window: One or more numbers of returns behind the factors; 252 by default.
        regression: One or more numbers of returns behind the residuals; 60 by default.
        max_reversion: Slowest reversion times of a valid fit, in bars; half of the regression by default.
        max_p: Largest reversion_p of a valid fit; 1, which lets all pass, by default.
        exit_long: A long position closes at minus this score; 0.5 by default.
        exit_short: A short position closes at this score; 0.75 by default.
        preset: "paper" fills at the close that decides, charges the names without their hedges, and has size 0.02.
        delay: Bars between a decision and its fill; 1 by default.
        cost_basis: "book", the default, charges all that is traded, "stocks" the names without their hedges.
        size: Dollars a name, as a fraction of the equity; 0.01 by default.
        borrow: Rate a year on the notional of short positions; 0 by default.
        periods_per_year: For the annual figures; 252 by default.
        positions: Return the side of every name and row too.
    """

    window: int | Sequence[int] | None
    regression: int | Sequence[int] | None
    max_reversion: float | Sequence[float] | None
    max_p: float | Sequence[float] | None
    exit_long: Any
    exit_short: Any
    preset: str | None
    delay: int | None
    cost_basis: str | None
    size: float | None
    borrow: float | None
    periods_per_year: float | None
    positions: bool


def refuse_unknown(method: str, given: Mapping[str, Any], known: Any) -> None:
    """Refuse an argument that a method does not have, as Python does.

    Raises:
        TypeError: there is one.
    """
    unknown = [name for name in given if name not in known.__annotations__]
    if unknown:
        raise TypeError(f"{method}() got an unexpected keyword argument {unknown[0]!r}")


def fit_options(given: Mapping[str, Any], prices: Table, names: SeriesNames) -> dict[str, Any]:
    """Return the options of FitOptions as they are sent.

    Args:
        given: Those of FitOptions, and others.
        prices: The prices.
        names: Of their columns.

    Raises:
        InvalidInput: the members break a rule.
    """
    plain = {name: given.get(name) for name in ("min_r2", "centre", "drift", "min_dof", "refit")}
    return {"members": members_rows(given.get("members"), prices, names), **plain}


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
