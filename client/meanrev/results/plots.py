"""Drawings of results, with plotly."""

import html
from collections.abc import Callable
from typing import Any

__all__ = ["SweepPlot"]


class SweepPlot:
    """Drawings of a sweep."""

    def __init__(self, surface: Callable[..., Any], best: Callable[[Any], str]) -> None:
        """Draw nothing yet.

        Args:
            surface: SweepResult.surface.
            best: Describes the Sharpe ratio of a column's best cell.
        """
        self._surface, self._best = surface, best

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
        try:
            from plotly import graph_objects  # noqa: PLC0415 - only drawings need it
        except ModuleNotFoundError:
            advice = "pip install '.[plot]' in a checkout of meanrev brings it"
            raise ModuleNotFoundError(f"a drawing needs plotly; {advice}", name="plotly") from None
        shown = self._surface(column, figure, cost=cost, lookback=lookback)
        name = figure.replace("_", " ")
        drawn = graph_objects.Figure(
            graph_objects.Heatmap(
                x=shown.exit_zscore,
                y=shown.entry_zscore,
                z=shown.cells,
                colorscale="Viridis",
                colorbar={"title": name},
                hovertemplate="entry %{y}, exit %{x}: %{z:.3f}<extra></extra>",
            )
        )
        best = self._best(shown.column) if figure == "sharpe_ratio" else ""
        column = "prices" if shown.column == "" else html.escape(str(shown.column))  # plotly reads a title as markup
        title = f"{column}: {name}, cost {shown.cost:g} a side, lookback {shown.lookback}{best}"
        drawn.update_layout(title=title, xaxis_title="exit, z", yaxis_title="entry, z")
        return drawn
