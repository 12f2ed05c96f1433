"""The parts of a panel as SVG."""

from collections.abc import Iterator
from functools import singledispatch
from html import escape
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meanrev.pictures.chart import Band, Bars, Heat, Level, Line, Marks, Part
from meanrev.pictures.colours import hexadecimal, ramp
from meanrev.pictures.elements import Scale, element
from meanrev.pictures.ticks import as_numbers, number_ticks

__all__ = ["MARK_COLOURS", "PALETTE", "Place", "shapes", "stroke", "thinned", "words"]

PALETTE = ("#2f7de1", "#d9661f", "#2c9a55", "#b3368f", "#8a6d00", "#5b6675")
"""Colours of lines and bars in their order; each can be seen on white and on black."""

MARK_COLOURS = {"up": "#2c9a55", "down": "#b3368f", "out": "currentColor", "dot": PALETTE[0]}

_MARKS = {"up": "M0-5L5 4H-5Z", "down": "M0 5L5-4H-5Z", "out": "M-4-4L4 4M-4 4L4-4", "dot": "M0-3A3 3 0 1 0 .01-3Z"}
_MOST_POINTS = 1_500
_STEPS = 32
_MOST_CELLS = 300

Floats = NDArray[np.float64]


class Place(NamedTuple):
    """Where a panel draws its values.

    Attributes:
        across: From numbers on the horizontal axis to the drawing's units.
        up: Likewise, on the vertical one.
    """

    across: Scale
    up: Scale


@singledispatch
def shapes(part: Part, _place: Place, _colour: str) -> Iterator[str]:
    """Return the elements of a part.

    Args:
        part: What to draw.
        _place: Where.
        _colour: Of lines and bars.
    """
    raise TypeError(type(part).__name__)


@shapes.register
def _line(part: Line, place: Place, colour: str) -> Iterator[str]:
    path, pen = [], "M"
    for x, value in zip(*thinned(as_numbers(part.across), part.up), strict=True):
        if np.isfinite(value):
            path.append(f"{pen}{place.across.at(x):.1f} {place.up.at(value):.1f}")
        pen = "L" if np.isfinite(value) else "M"
    dash = ";stroke-dasharray:5 3" if part.dashed else ""
    style = f"fill:none;stroke:{colour};stroke-width:1.5;stroke-linejoin:round{dash}"
    yield element("path", _title(part.name), d="".join(path), style=style)


@shapes.register
def _band(part: Band, place: Place, _colour: str) -> Iterator[str]:
    x = [place.across.at(value) for value in as_numbers(part.across)]
    above = [*zip(x, map(place.up.at, part.high), strict=True)]
    below = [*zip(x, map(place.up.at, part.low), strict=True)]
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in [*above, *reversed(below)])
    yield element("polygon", _title(part.name), points=points, style=f"fill:{PALETTE[2]};fill-opacity:0.15")


@shapes.register
def _level(part: Level, place: Place, _colour: str) -> Iterator[str]:
    y = place.up.at(part.value)
    yield stroke(place.across.start, y, place.across.end, y, opacity=0.6, dash="5 3")
    yield words(part.name, place.across.start + 4, y - 4, "start", "font-size:11px;fill-opacity:0.7")


@shapes.register
def _marks(part: Marks, place: Place, _colour: str) -> Iterator[str]:
    paint = MARK_COLOURS[part.kind]
    style = f"fill:none;stroke:{paint};stroke-width:1.5" if part.kind == "out" else f"fill:{paint}"
    for x, value in zip(as_numbers(part.across), part.up, strict=True):
        if np.isfinite(value):
            moved = f"translate({place.across.at(x):.1f} {place.up.at(value):.1f})"
            yield element("path", _title(part.name), d=_MARKS[part.kind], transform=moved, style=style)


@shapes.register
def _bars(part: Bars, place: Place, colour: str) -> Iterator[str]:
    width = 0.7 * (place.across.at(1.0) - place.across.at(0.0))
    for i, (label, value) in enumerate(zip(part.labels, part.up, strict=True)):
        if not np.isfinite(value):
            continue
        error = np.nan if part.errors is None else float(part.errors[i])
        said = f"{label}: {value:.5g}" + (f" ± {error:.5g}" if np.isfinite(error) else "")
        said += f"; {part.details[i]}" if part.details else ""
        top, bottom = sorted((place.up.at(0.0), place.up.at(value)))
        x = place.across.at(i)
        yield _box(x - width / 2, top, width, max(bottom - top, 0.5), f"fill:{colour}", said)
        if np.isfinite(error):
            yield stroke(x, place.up.at(value - error), x, place.up.at(value + error), opacity=0.9)


@shapes.register
def _heat(part: Heat, place: Place, _colour: str) -> Iterator[str]:
    finite = part.cells[np.isfinite(part.cells)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    high = high if high > low else low + 1.0
    width, height = place.across.at(1.0) - place.across.at(0.0), place.up.at(0.0) - place.up.at(1.0)
    shares = (part.cells - low) / (high - low)
    if part.cells.size > _MOST_CELLS:
        yield from _levels(shares, place, width, height)
    else:
        for (i, j), share in np.ndenumerate(shares):
            if np.isfinite(share):
                said = f"{part.up[i]}, {part.across[j]}: {part.cells[i, j]:.4g}"
                x, y = place.across.at(j) - width / 2, place.up.at(i) - height / 2
                yield _box(x, y, width + 0.3, height + 0.3, f"fill:{_colour_of(share)}", said)
    for number, (name, (i, j)) in enumerate(part.marked.items()):
        x, y = place.across.at(j) - width / 2, place.up.at(i) - height / 2
        dash = ";stroke-dasharray:4 3" if number else ""
        yield _box(x, y, width, height, f"fill:none;stroke:#ffffff;stroke-width:2.5{dash}", name)
    yield from _colour_bar(part.name, low, high, place)


def _levels(shares: Floats, place: Place, width: float, height: float) -> Iterator[str]:
    """Yield the cells in 32 colours, a path each: as single elements many cells would take ten times the bytes.

    A path is as thick as a cell is high, runs through the neighbours of one colour, and counts in cells.
    """
    levels = np.minimum(np.floor(np.nan_to_num(shares, nan=-1.0) * _STEPS), _STEPS - 1)
    runs: dict[float, list[str]] = {}
    for i, row in enumerate(levels):
        begins = [j for j in range(row.size) if j == 0 or row[j] != row[j - 1]]
        for begin, end in pairwise([*begins, row.size]):
            if row[begin] >= 0:
                runs.setdefault(row[begin], []).append(f"M{begin} {i}h{end - begin}")
    paths = [
        element("path", d="".join(run), stroke=_colour_of((level + 0.5) / _STEPS))
        for level, run in sorted(runs.items())
    ]
    left, bottom = place.across.at(0) - width / 2, place.up.at(0)
    moved = f"translate({left:.2f} {bottom:.2f}) scale({width:.3f} {-height:.3f})"
    yield element("g", *paths, transform=moved, style="stroke-width:1.02")


def _colour_bar(name: str, low: float, high: float, place: Place) -> Iterator[str]:
    x, bottom, top = place.across.end + 14, place.up.start, place.up.end
    step, shares = (bottom - top) / _STEPS, (np.arange(_STEPS) + 0.5)[:, None] / _STEPS
    yield from _levels(
        shares, Place(Scale(0.0, 1.0, x + 6, x + 18), Scale(-0.5, _STEPS - 0.5, bottom, top)), 12.0, step
    )
    scale = Scale(low, high, bottom, top)
    for value, text in number_ticks(low, high, 5):
        yield words(text, x + 16, scale.at(value) + 4, "start")
    yield words(name, x + 12, top - 9, "end" if len(name) > 8 else "middle")


def thinned(places: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return a line's points, of which many are the lowest and the highest of each stretch of the axis.

    Args:
        places: (T,) ascending.
        values: (T,); a stretch without a value stays without one.
    """
    if places.size <= 2 * _MOST_POINTS:
        return places, values
    kept: list[int] = []
    for stretch in np.array_split(np.arange(places.size), _MOST_POINTS):
        some = values[stretch]
        if np.isnan(some).all():
            kept.append(int(stretch[0]))
        else:
            kept += sorted({int(stretch[np.nanargmin(some)]), int(stretch[np.nanargmax(some)])})
    return places[kept], values[kept]


def words(text: str, x: float, y: float, anchor: str, style: str = "") -> str:
    """Return words at a place."""
    painted = {"style": style} if style else {}
    return element("text", escape(text), x=x, y=y, text_anchor=anchor, **painted)


def stroke(x1: float, y1: float, x2: float, y2: float, *, opacity: float, dash: str = "") -> str:
    """Return a straight line in the colour of the text."""
    style = f"stroke:currentColor;stroke-opacity:{opacity}" + (f";stroke-dasharray:{dash}" if dash else "")
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, style=style)


def _box(x: float, y: float, width: float, height: float, style: str, said: str) -> str:
    return element("rect", _title(said), x=x, y=y, width=width, height=height, style=style)


def _title(said: str) -> str:
    return element("title", escape(said))


def _colour_of(share: float) -> str:
    return hexadecimal(ramp(share))
