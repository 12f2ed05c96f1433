"""Cells of text as numbers: the trade's markers of what is missing, thousands separators, decimal commas, no more."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from meanrev.intake.options import polars

__all__ = ["MISSING", "Numbers", "comma_style", "first", "is_missing", "looks_like_number", "numbers", "whole_numbers"]

MISSING = frozenset(
    {
        *("", ".", "..", "-", "--", "---", "\u2013", "\u2014"),
        *("na", "n/a", "n.a.", "#n/a", "#n/a n/a", "#na", "#nv", "<na>", "nd", "n.d."),
        *("nan", "-nan", "#nan", "nat", "null", "(null)", "none", "\\n"),
    }
)
"""Texts of a value that is not there, whatever their case."""

_PLAIN = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_GROUPED = r"^[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?$"
_ONE_GROUP = r"^[+-]?[0-9]{1,3},[0-9]{3}$"
_COMMA = r"^[+-]?([0-9]{1,3}(\.[0-9]{3})+|[0-9]+),[0-9]+([eE][+-]?[0-9]+)?$"
_POINT = r"\.[0-9]*$"
# A number with a currency, a percent sign, a unit or a foreign digit: no text, and no number either.
_DECORATED = (
    r"^[$\u20ac\u00a3\u00a5+\-(\u2212 ]*([A-Z]{3} ?)?[0-9][0-9.,' _\u00a0\u202f]*"
    r"([eE][+-]?[0-9]+)?\)? ?(%|[kKmMbBtT]|bp|bps|[$\u20ac\u00a3\u00a5]|[A-Z]{3})?$"
)
_MASKS = (
    ("all", _PLAIN, _GROUPED),
    ("comma", r"^[+-]?([0-9]+,?[0-9]*|,[0-9]+)([eE][+-]?[0-9]+)?$", r"^[+-]?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]*)?$"),
)


class Numbers(NamedTuple):
    """A column of texts as numbers.

    Attributes:
        values: polars Series of Float64, null where nothing was there or no number was.
        bad: polars Series of Boolean: a cell that is there and no number.
        whole: Every number is written with digits alone, so that it is an integer.
    """

    values: Any
    bad: Any
    whole: bool


def is_missing(texts: Any, extra: Iterable[str] = ()) -> Any:
    """Return where a Series of stripped texts has no value.

    Args:
        texts: polars Series of String, without white space around.
        extra: Further markers, compared as they are.
    """
    known = texts.str.to_lowercase().is_in(list(MISSING)) | texts.is_in(list(extra))
    return known.fill_null(value=True)


def numbers(texts: Any, extra: Iterable[str] = (), *, decimal_comma: bool = False) -> Numbers:
    """Read texts as numbers: digits with a point, an exponent and thousands separators, and the markers of MISSING.

    Args:
        texts: polars Series of String.
        extra: Further markers of what is missing.
        decimal_comma: Read 1.234,5 instead of 1,234.5.
    """
    pl = polars()
    texts = texts.str.strip_chars()
    missing = is_missing(texts, extra)
    _, plain, grouped = _MASKS[decimal_comma]
    point, thousands = (",", ".") if decimal_comma else (".", ",")
    is_grouped = texts.str.contains(grouped)
    is_number = (texts.str.contains(plain) | is_grouped).fill_null(value=False) & ~missing
    known = texts.set(~is_number, None)
    if bool(is_grouped.fill_null(value=False).any()):
        degrouped = known.str.replace_all(thousands, "", literal=True)
        known = degrouped.zip_with(is_grouped.fill_null(value=False), known)
    whole = not bool(known.str.contains(r"[^0-9+-]").any())
    if decimal_comma:
        known = known.str.replace(point, ".", literal=True)
    values = known.cast(pl.Float64, strict=False)
    bad = (~missing & values.is_null()) | values.is_infinite().fill_null(value=False)
    return Numbers(values, bad, whole)


def whole_numbers(texts: Any, extra: Iterable[str] = ()) -> Any:
    """Return texts of digits as a Series of Int64, null where they are missing or do not fit."""
    texts = texts.str.strip_chars()
    return texts.set(is_missing(texts, extra), None).str.strip_prefix("+").cast(polars().Int64, strict=False)


def looks_like_number(texts: Any) -> Any:
    """Return where a Series of stripped texts is a number with something around it, such as $5, 0.5% or 1_000."""
    return texts.str.contains(_DECORATED).fill_null(value=False)


def comma_style(columns: Iterable[Any]) -> str:
    """Return what a comma means in the numbers of some columns of texts.

    Returns:
        "decimal": it stands before the decimals. "thousands": it stands between thousands. "either": every number with
        a comma can be read both ways, and nothing else in the columns decides which. "": no number has one.
    """
    seen = set()
    for column in columns:
        texts = column.str.strip_chars().drop_nulls()
        with_comma = texts.filter(texts.str.contains(",", literal=True))
        decimal = with_comma.str.contains(_COMMA) & ~with_comma.str.contains(_GROUPED)
        grouped = with_comma.str.contains(_GROUPED)
        if bool(decimal.any()):
            seen.add("decimal")
        if bool((grouped & ~with_comma.str.contains(_ONE_GROUP)).any()):
            seen.add("thousands")
        if bool(grouped.any()):
            seen.add("either")
        plain = texts.filter(texts.str.contains(_PLAIN))
        if bool(plain.str.contains(_POINT).any()):
            seen.add("point")
    if "decimal" in seen and "thousands" not in seen:
        return "decimal"
    if "either" not in seen:
        return ""
    return "thousands" if seen & {"thousands", "point"} else "either"


def first(mask: Any) -> int:
    """Return the first place where a Boolean Series is true."""
    return int(np.argmax(mask.fill_null(value=False).to_numpy()))
