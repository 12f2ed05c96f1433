"""Rates and costs as fractions: 0.03, "0.03", "3%" and "300bp" are one."""

import re

from meanrev.errors import InvalidInput
from meanrev.methods.fields import number

__all__ = ["fraction"]

_UNITS = {"bps": 1e4, "bp": 1e4, "%": 1e2, "": 1.0}
_RATE = re.compile(r"([0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+) ?(bps|bp|%|)", re.IGNORECASE)


def fraction(field: str, given: object) -> float:
    """Return a rate as a fraction.

    Args:
        field: Name for messages.
        given: A number, which is a fraction; or a text of digits with nothing, %, bp or bps behind them.

    Raises:
        InvalidInput: it is neither.
    """
    if not isinstance(given, str):
        return number(field, given)
    found = _RATE.fullmatch(given.strip())
    if found is None:
        raise InvalidInput(field, "must be a fraction, such as 0.03, '3%' or '300bp'", value=given[:100])
    return float(found[1]) / _UNITS[found[2].lower()]
