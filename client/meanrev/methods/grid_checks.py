"""The reality check of a sweep's grid: its options, and its part of a reply."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.results import GridChecks

__all__ = ["CheckOptions", "at_cells", "check_options", "read_checks"]

CheckOptions = bool | str | Mapping[str, Any] | None
"""Whether a search among cells is tested: "series", "all", or the options of the test by name."""

_TEXTS = ("column", "status", "reason", "best_column", "path_note")
_NUMBERS = (
    *("p_consistent", "p_lower", "p_upper", "p_reality_check", "effective_tries"),
    *("pbo", "probability_of_loss", "degradation"),
)
_COUNTS = ("n_periods", "n_tried", "n_tested", "block_length")
_OF_PATHS = ("path_sharpe_ratios", "path_sharpe_std_errors", "path_probabilities_positive")
_AXES = ("entry_zscore", "exit_zscore", "cost", "lookback")


def check_options(given: CheckOptions) -> dict[str, Any] | None:
    """Return the options as they are sent; the server checks them.

    Args:
        given: True is "series"; options by name have the family "series" unless they say another one.

    Raises:
        InvalidInput: it is none of them.
    """
    if given is None or given is False:
        return None
    if given is True or isinstance(given, str):
        return {"family": "series" if given is True else given}
    if not isinstance(given, Mapping):
        raise InvalidInput("reality_check", "must be 'series', 'all', or a mapping of options", value=given)
    return {"family": "series", **given}


def read_checks(sent: Any, axes: Mapping[str, Any]) -> GridChecks | None:
    """Return the checks of a reply, None where there are none.

    Args:
        sent: Messages, one a family.
        axes: (G,) of the cells, by name.
    """
    if not sent:
        return None
    cell = np.array([check.best_cell for check in sent], dtype=np.int64)
    fields: dict[str, Any] = {
        **{name: tuple(getattr(check, name) for check in sent) for name in _TEXTS},
        **{name: np.array([getattr(check, name) for check in sent], dtype=np.int64) for name in _COUNTS},
        **{name: np.array([getattr(check, name) for check in sent]) for name in _NUMBERS},
        **{name: _rows([getattr(check, name) for check in sent], np.nan) for name in _OF_PATHS},
        **{name: _rows([getattr(check, name) for check in sent], -1) for name in ("chosen_column", "chosen_cell")},
        **{name: at_cells(axes[name], cell) for name in _AXES},
    }
    return GridChecks(cell=cell, **fields)


def at_cells(axis: Any, cells: Any) -> Any:
    """Return the axis's values at cells; where there is none, NaN, or 0 for whole numbers."""
    nothing = 0 if axis.dtype.kind == "i" else np.nan
    return np.where(cells >= 0, axis[np.maximum(cells, 0)], nothing)


def _rows(lists: list[Any], nothing: float) -> Any:
    """Return lists as rows of a matrix; an empty one is a row of nothing."""
    width = max(map(len, lists))
    return np.array([list(each) or [nothing] * width for each in lists])
