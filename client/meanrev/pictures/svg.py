"""A chart as SVG: no script, no font and no style sheet, in the text colour of the page that it stands in."""

from collections.abc import Iterator
from textwrap import wrap

from meanrev.pictures import frame
from meanrev.pictures.chart import Bars, Chart, Heat, Line, Marks, Panel
from meanrev.pictures.elements import Scale, drawing, element
from meanrev.pictures.shapes import MARK_COLOURS, PALETTE, Place, shapes, stroke, words

__all__ = ["drawn"]

_WIDTH, _LEFT, _RIGHT, _COLOUR_BAR = 760.0, 64.0, 744.0, 84.0
_HEIGHT, _TOP, _BELOW = 240.0, 26.0, 38.0
_LINE, _LETTER = 17.0, 7.0
_STYLE = "font:12px system-ui,sans-serif;fill:currentColor"


def drawn(chart: Chart) -> str:
    """Return a chart as SVG.

    Args:
        chart: What to draw.
    """
    lines = [*wrap(chart.title, 100), *wrap(f"Note: {chart.note}" if chart.note else "", 110)]
    parts = [words(line, 0.0, _LINE * (i + 1) - 4, "start") for i, line in enumerate(lines)]
    top, across = _LINE * len(lines), frame.across(chart.panels)
    for panel in chart.panels:
        top += _TOP
        parts += _panel(panel, across, top, _HEIGHT * panel.share)
        top += _HEIGHT * panel.share + _BELOW
    return drawing(chart.title, _WIDTH, top, [element("g", *parts, style=_STYLE)])


def _panel(panel: Panel, across: frame.Axis, top: float, height: float) -> Iterator[str]:
    heat = any(isinstance(part, Heat) for part in panel.parts)
    up, right, bottom = frame.up(panel), _RIGHT - _COLOUR_BAR * heat, top + height
    place = Place(Scale(across.low, across.high, _LEFT, right), Scale(up.low, up.high, bottom, top))
    for value, text in up.ticks:
        if not heat:
            yield stroke(_LEFT, place.up.at(value), right, place.up.at(value), opacity=0.15)
        yield words(text, _LEFT - 6, place.up.at(value) + 4, "end")
    marks = "".join(f"M{place.across.at(value):.1f} {bottom:.1f}v4" for value, _ in across.ticks)
    yield element("path", d=marks, style="stroke:currentColor;stroke-opacity:0.5")
    for value, text in across.ticks:
        yield words(text, place.across.at(value), bottom + 17, "middle")
    yield words(panel.title, 0.0, top - 9, "start")
    if panel.across:
        yield words(panel.across, right, bottom + 32, "end")
    colour = 0
    for part in panel.parts:
        yield from shapes(part, place, PALETTE[colour % len(PALETTE)])
        colour += isinstance(part, Line | Bars)
    yield from _legend(panel, top - 9)


def _legend(panel: Panel, y: float) -> Iterator[str]:
    """Yield the names of lines, bars and marks with their colours, from the right; one line alone needs none."""
    named, colour = [], 0
    for part in panel.parts:
        if isinstance(part, Line | Bars):
            named.append((part.name, PALETTE[colour % len(PALETTE)]))
            colour += 1
        elif isinstance(part, Marks) and part.across.size:
            named.append((part.name, MARK_COLOURS[part.kind]))
    x = _RIGHT
    for name, paint in reversed(named if len(named) > 1 else []):
        yield words(name, x, y, "end")
        x -= _LETTER * len(name) + 16
        yield element("rect", x=x + 2, y=y - 9, width=10.0, height=10.0, style=f"fill:{paint}")
        x -= 10
