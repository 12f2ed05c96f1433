"""The standard error of a reply's Sharpe ratio, which earlier servers do not send."""

import math
from typing import Any

__all__ = ["SHARPE_ERRORS", "sharpe_errors"]

SHARPE_ERRORS = ("sharpe_std_error", "probability_sharpe_positive")
"""Fields of messages and results."""


def sharpe_errors(message: Any) -> dict[str, float]:
    """Return SHARPE_ERRORS of a message by name; NaN where the server sent none, for no error is 0."""
    if not message.sharpe_std_error:
        return dict.fromkeys(SHARPE_ERRORS, math.nan)
    return {name: getattr(message, name) for name in SHARPE_ERRORS}
