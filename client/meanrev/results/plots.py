"""Drawings of a sweep, with plotly."""

from collections.abc import Callable
from typing import Any

from meanrev.pictures import Chart

__all__ = ["SweepPlot"]


class SweepPlot:
    """Drawings of a sweep; called, it draws the heatmap."""

    def __init__(self, heatmap: Callable[..., Chart], walk: Callable[..., Chart]) -> None:
        """Draw nothing yet.

        Args:
            heatmap: SweepResult.chart.
            walk: SweepResult.walk_chart.
        """
        self._heatmap, self._walk = heatmap, walk

    def __call__(self, *args: Any, **given: Any) -> Any:
        """Return what heatmap returns."""
        return self.heatmap(*args, **given)

    def heatmap(
        self,
        column: str | None = None,
        figure: str = "sharpe_ratio",
        *,
        cost: float | None = None,
        lookback: int | None = None,
    ) -> Any:
        """Return a plotly figure of one figure over entry and exit thresholds.

        Args:
            column: As for SweepResult.surface, like the arguments that follow.
            figure: As for surface.
            cost: As for surface.
            lookback: As for surface.

        Raises:
            InvalidInput: the result holds no such column, figure, cost or lookback.
            ModuleNotFoundError: plotly is not installed.
        """
        return self._heatmap(column, figure, cost=cost, lookback=lookback).plotly()

    def walk_forward(self, column: Any = None) -> Any:
        """Return a plotly figure of a column's walk-forward.

        Args:
            column: As for SweepResult.walk_chart.

        Raises:
            InvalidInput: the result holds no such column, or no walk-forward.
            ModuleNotFoundError: plotly is not installed.
        """
        return self._walk(column).plotly()
