"""Drawings as text: elements, scales and axes, as little of SVG as pages and pictures need."""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scale", "drawing", "element", "horizontal_axis", "polyline", "rectangle", "rule", "text", "vertical_axis"]

Floats = NDArray[np.float64]


class Scale(NamedTuple):
    """A straight map from values to places.

    Attributes:
        low: Value at start.
        high: Value at end.
        start: Place, in the drawing's units.
        end: Place.
    """

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the place of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, step: float) -> list[float]:
        """Return the multiples of a step that lie within."""
        first, last = int(np.ceil(self.low / step - 1e-9)), int(np.floor(self.high / step + 1e-9))
        return [i * step for i in range(first, last + 1)]


def element(tag: str, *inside: str, **attributes: str | float) -> str:
    """Return one element; an underscore in an attribute's name stands for a hyphen, one at its end for nothing.

    Args:
        tag: Its name.
        inside: Elements or escaped text.
        attributes: Values; numbers are rounded to a tenth.
    """
    pairs = "".join(f' {_hyphened(name)}="{_written(value)}"' for name, value in attributes.items())
    return f"<{tag}{pairs}>{''.join(inside)}</{tag}>"


def drawing(name: str, width: float, height: float, shapes: Iterable[str]) -> str:
    """Return a drawing that scales with the page.

    Args:
        name: What it shows, for those who cannot see it.
        width: In its own units, which everything else is in.
        height: Likewise.
        shapes: Elements, the first at the back.
    """
    return element("svg", *shapes, viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=name)


def text(words: str, x: float, y: float, class_: str = "", anchor: str = "middle") -> str:
    """Return words at a place."""
    return element("text", escape(words), x=x, y=y, class_=class_, text_anchor=anchor)


def rule(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """Return a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def rectangle(x: float, y: float, width: float, height: float, class_: str, title: str = "", fill: str = "") -> str:
    """Return a rectangle.

    Args:
        x: Left.
        y: Top.
        width: To the right.
        height: Downwards.
        class_: For the style sheet.
        title: Shown where the pointer rests.
        fill: Colour; the style sheet's where empty.
    """
    inside = (element("title", escape(title)),) if title else ()
    paint = {"fill": fill} if fill else {}
    return element("rect", *inside, x=x, y=y, width=width, height=height, class_=class_, **paint)


def polyline(across: Scale, up: Scale, values: Floats, class_: str) -> str:
    """Return a line through (T,) values at 0 to T - 1."""
    points = " ".join(f"{across.at(i):.1f},{up.at(value):.1f}" for i, value in enumerate(values))
    return element("polyline", points=points, class_=class_)


def vertical_axis(
    scale: Scale,
    x: float,
    ticks: Sequence[float],
    label: Callable[[float], str],
    *,
    right: bool = False,
) -> list[str]:
    """Return the labels of ticks beside a plot.

    Args:
        scale: From values to heights.
        x: Edge of the plot.
        ticks: Values.
        label: Words for a value.
        right: Whether the labels stand right of the edge.
    """
    shift, anchor = (6, "start") if right else (-6, "end")
    return [text(label(value), x + shift, scale.at(value) + 4, "tick", anchor) for value in ticks]


def horizontal_axis(scale: Scale, y: float, ticks: Sequence[tuple[float, str]]) -> list[str]:
    """Return labelled ticks below a plot, each a value and its words."""
    marks = [rule(scale.at(value), y, scale.at(value), y + 4, "axis") for value, _ in ticks]
    return marks + [text(words, scale.at(value), y + 17, "tick") for value, words in ticks]


def _hyphened(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _written(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else f"{round(value, 1):g}"
