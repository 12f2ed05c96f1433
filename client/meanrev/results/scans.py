"""Results of a scan. Fields are named as on the wire, where their units are stated; P pairs."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from meanrev.pictures import Chart, of_results
from meanrev.results.base import LABEL, Pictured

__all__ = ["ColumnNote", "ScanResult"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


_OF_THE_SCAN = frozenset({"meta", "n_pairs", "n_significant", "n_untested", "null_universes", "null_reason", "notes"})
"""Fields that are not one a pair."""


class ColumnNote(NamedTuple):
    """A note on a column of a scan.

    Attributes:
        column: Its label.
        status: "error" where no pair of it was tested, "ok" where some were.
        reason: Why, and what to do.
    """

    column: Hashable
    status: str
    reason: str


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ScanResult(Pictured):
    """Significant pairs, best first; (P,) each, figures of the train part but the four named test_*.

    Attributes:
        y: Column that is regressed.
        x: Column that it is regressed on.
        hedge_ratio: Units of y per unit of x, of logarithms where these were regressed.
        intercept: Of the regression.
        adf_statistic: Of the residual.
        p_value: MacKinnon's, for two series, of the better direction of the pair.
        q_value: Benjamini and Hochberg's, over both directions of all pairs tried.
        theta: Of the residual, per bar.
        theta_std_error: Its standard error.
        half_life: In bars.
        mu: Mean of the residual.
        sigma: Its volatility, per square root of a bar.
        entry_zscore: Optimal threshold.
        exit_zscore: A position with side d exits when d z >= -exit_zscore.
        train_sharpe: Annualised.
        deflated_sharpe: A score from 0 to 1, not a probability: how far train_sharpe is above what as many tries find
            by chance.
        test_sharpe: Annualised, of the test part, with the train part's numbers; it ranks nothing.
        test_return: Sum of the test part's gains, in units of the residual.
        test_trades: Round trips closed there.
        test_max_drawdown: Positive, in units of the residual.
        period_half_life: (P, 3), of each third of the train part.
        period_p_value: (P, 3), likewise.
        status: "traded", or why not: "no_process", "too_costly".
        reason: Why a pair was not traded, in words; "" where it was.
        train_sharpe_std_error: Of train_sharpe; NaN where the returns do not vary.
        test_sharpe_std_error: Of test_sharpe, likewise.
        probability_sharpe_positive: That the true Sharpe ratio behind test_sharpe is above 0.
        test_note: A warning about the Sharpe ratios, such as few bars or trades in a part; "" for none.
        p_best: Share of universes without a reverting pair whose best pair is at least as good, this one counted among
            them; for the best pair the p-value of the whole search. NaN for a pair that was not traded, and without
            null universes.
        n_pairs: Pairs tested.
        n_significant: Pairs of these with a p-value below alpha, of which top may leave fewer here.
        n_untested: The other pairs, of the columns in notes.
        null_universes: Universes that p_best compares with; 0 for none.
        null_reason: Why there are none; "" where there are, or where the option turned them off.
        notes: Of the columns that some pairs, or all, could not be tested with.
    """

    y: tuple[Any, ...] = field(metadata=LABEL)
    x: tuple[Any, ...] = field(metadata=LABEL)
    hedge_ratio: Floats
    intercept: Floats
    adf_statistic: Floats
    p_value: Floats
    q_value: Floats
    theta: Floats
    theta_std_error: Floats
    half_life: Floats
    mu: Floats
    sigma: Floats
    entry_zscore: Floats
    exit_zscore: Floats
    train_sharpe: Floats
    deflated_sharpe: Floats
    test_sharpe: Floats
    test_return: Floats
    test_trades: Ints
    test_max_drawdown: Floats
    period_half_life: Floats
    period_p_value: Floats
    status: tuple[str, ...]
    reason: tuple[str, ...]
    train_sharpe_std_error: Floats
    test_sharpe_std_error: Floats
    probability_sharpe_positive: Floats
    test_note: tuple[str, ...]
    p_best: Floats
    n_pairs: int
    n_significant: int
    n_untested: int
    null_universes: int
    null_reason: str
    notes: tuple[ColumnNote, ...]

    def chart(self) -> Chart:
        """Return a picture of the first pairs' Sharpe ratios out of sample and their p-values."""
        return of_results.of_scan(self)

    def relabelled(self, labels: Mapping[str, Hashable]) -> Self:
        """Return the same result with other labels of series, in its notes too."""
        notes = tuple(note._replace(column=labels.get(str(note.column), note.column)) for note in self.notes)
        return replace(super().relabelled(labels), notes=notes)

    def to_columns(self) -> dict[str, Any]:
        """Return what to_frame shows, a column's values by its name, without pandas: a row a pair."""
        return self._columns()

    def _columns(self) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        for part in fields(self):
            if part.name.startswith("period_"):
                columns |= {f"{part.name}_{i + 1}": values for i, values in enumerate(self[part.name].T)}
            elif part.name not in _OF_THE_SCAN:
                columns[part.name] = self[part.name]
        return columns
