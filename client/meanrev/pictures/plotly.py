"""A chart as a plotly figure, to zoom in and to read values off."""

import html
from functools import singledispatch
from types import ModuleType
from typing import Any

from meanrev.pictures.chart import Band, Bars, Chart, Heat, Level, Line, Marks, Part
from meanrev.pictures.shapes import MARK_COLOURS, PALETTE

__all__ = ["drawn"]

_SYMBOLS = {"up": "triangle-up", "down": "triangle-down", "out": "x-thin-open", "dot": "circle"}


def drawn(chart: Chart) -> Any:
    """Return a chart as a plotly figure.

    Args:
        chart: What to draw.

    Raises:
        ModuleNotFoundError: plotly is not installed.
    """
    try:
        from plotly import graph_objects, subplots  # noqa: PLC0415 - only drawings need it
    except ModuleNotFoundError:
        advice = "pip install '.[plot]' in a checkout of meanrev brings it"
        raise ModuleNotFoundError(f"a drawing needs plotly; {advice}", name="plotly") from None
    heights = [panel.share for panel in chart.panels]
    figure = subplots.make_subplots(len(chart.panels), 1, shared_xaxes=True, row_heights=heights, vertical_spacing=0.06)
    for row, panel in enumerate(chart.panels, 1):
        colour = 0
        for part in panel.parts:
            for trace in _traces(part, graph_objects, PALETTE[colour % len(PALETTE)]):
                figure.add_trace(trace, row=row, col=1)
            colour += isinstance(part, Line | Bars)
            if isinstance(part, Level):
                figure.add_hline(part.value, line_dash="dash", line_width=1, annotation_text=_plain(part.name), row=row)
        figure.update_yaxes(title_text=_plain(panel.title), row=row, col=1)
        figure.update_xaxes(title_text=_plain(panel.across), row=row, col=1)
    note = f"<br><sup>Note: {_plain(chart.note)}</sup>" if chart.note else ""
    figure.update_layout(title=f"{_plain(chart.title)}{note}", height=140 + 260 * sum(heights))
    return figure


@singledispatch
def _traces(part: Part, _go: ModuleType, _colour: str) -> list[Any]:
    raise TypeError(type(part).__name__)


@_traces.register
def _line(part: Line, go: ModuleType, colour: str) -> list[Any]:
    line = {"color": colour, "dash": "dash" if part.dashed else "solid", "width": 1.5}
    return [go.Scatter(x=part.across, y=part.up, name=_plain(part.name), mode="lines", line=line)]


@_traces.register
def _band(part: Band, go: ModuleType, _colour: str) -> list[Any]:
    edge = {"mode": "lines", "line": {"width": 0}, "legendgroup": part.name, "hoverinfo": "skip"}
    below = go.Scatter(x=part.across, y=part.low, showlegend=False, **edge)
    filled = {"fill": "tonexty", "fillcolor": "rgba(44,154,85,0.15)"}
    return [below, go.Scatter(x=part.across, y=part.high, name=_plain(part.name), **edge, **filled)]


@_traces.register
def _level(_part: Level, _go: ModuleType, _colour: str) -> list[Any]:
    return []


@_traces.register
def _marks(part: Marks, go: ModuleType, _colour: str) -> list[Any]:
    paint = MARK_COLOURS[part.kind].replace("currentColor", "#5b6675")
    marker = {"symbol": _SYMBOLS[part.kind], "color": paint, "size": 9, "line": {"width": 1.5, "color": paint}}
    return [go.Scatter(x=part.across, y=part.up, name=_plain(part.name), mode="markers", marker=marker)]


@_traces.register
def _bars(part: Bars, go: ModuleType, colour: str) -> list[Any]:
    errors = None if part.errors is None else {"type": "data", "array": part.errors}
    labels = [_plain(label) for label in part.labels]
    said = [_plain(text) for text in part.details] or None
    named = {"name": _plain(part.name), "hovertext": said, "marker_color": colour}
    return [go.Bar(x=labels, y=part.up, error_y=errors, **named)]


@_traces.register
def _heat(part: Heat, go: ModuleType, _colour: str) -> list[Any]:
    bar, said = {"title": _plain(part.name)}, "%{y}, %{x}: %{z:.4g}<extra></extra>"
    x, y = (
        [_plain(str(label)) if isinstance(label, str) else label for label in side] for side in (part.across, part.up)
    )
    traces = [go.Heatmap(x=x, y=y, z=part.cells, colorscale="Viridis", colorbar=bar, hovertemplate=said)]
    for number, (name, (row, column)) in enumerate(part.marked.items()):
        symbol = ("square-open", "circle-open")[number % 2]
        marker = {"symbol": symbol, "size": 16, "color": "white", "line": {"width": 2.5}}
        traces.append(
            go.Scatter(x=[x[column]], y=[y[row]], name=_plain(name), mode="markers", marker=marker, showlegend=False)
        )
    return traces


def _plain(text: str) -> str:
    """Return a text as plotly has to read it, which takes it for markup."""
    return html.escape(text, quote=False)
