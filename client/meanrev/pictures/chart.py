"""What a picture shows, before anything is drawn: panels below each other, which share their horizontal axis."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Band", "Bars", "Chart", "Heat", "Level", "Line", "Marks", "Panel", "Part"]

Floats = NDArray[np.float64]
Across = NDArray[Any]
"""(T,) numbers or datetime64."""


@dataclass(frozen=True)
class Line:
    """A line; a value that is NaN interrupts it.

    Attributes:
        name: For the legend.
        across: (T,) ascending.
        up: (T,).
        dashed: Whether it is dashed.
    """

    name: str
    across: Across
    up: Floats
    dashed: bool = False


@dataclass(frozen=True)
class Band:
    """The area between two lines.

    Attributes:
        name: For the legend.
        across: (T,) ascending.
        low: (T,).
        high: (T,).
    """

    name: str
    across: Across
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Level:
    """A horizontal line across the panel.

    Attributes:
        name: For the legend.
        value: Its height.
    """

    name: str
    value: float


@dataclass(frozen=True)
class Marks:
    """Points.

    Attributes:
        name: For the legend.
        across: (K,).
        up: (K,).
        kind: "up" and "down" are triangles, "out" is a cross, "dot" a point.
    """

    name: str
    across: Across
    up: Floats
    kind: str = "dot"


@dataclass(frozen=True)
class Bars:
    """Bars of labelled things.

    Attributes:
        name: For the legend.
        labels: K of them.
        up: (K,).
        errors: (K,) standard errors; None for none.
        details: What more is said where the pointer rests on a bar; () for nothing.
    """

    name: str
    labels: tuple[str, ...]
    up: Floats
    errors: Floats | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Heat:
    """Cells by colour.

    Attributes:
        name: What the colours mean.
        across: (X,) numbers, or labels.
        up: (E,) numbers, or labels.
        cells: (E, X); NaN where there is none.
        marked: Row and column of cells that are pointed out, by what they are.
    """

    name: str
    across: tuple[Any, ...]
    up: tuple[Any, ...]
    cells: Floats
    marked: Mapping[str, tuple[int, int]] = field(default_factory=dict)


Part = Line | Band | Level | Marks | Bars | Heat


@dataclass(frozen=True)
class Panel:
    """One plot.

    Attributes:
        title: Of the vertical axis.
        parts: The first at the back.
        across: Title of the horizontal axis.
        share: Its height as a share of the others'.
    """

    title: str
    parts: tuple[Part, ...]
    across: str = ""
    share: float = 1.0


@dataclass(frozen=True)
class Chart:
    """A picture. A notebook shows it as SVG, which needs nothing else; plotly() gives one to zoom in.

    Attributes:
        title: A sentence on what is shown.
        panels: From the top.
        note: A warning; "" for none.
    """

    title: str
    panels: tuple[Panel, ...]
    note: str = ""

    def svg(self) -> str:
        """Return the picture as SVG, which scales with its page and takes the page's colours of text and paper."""
        from meanrev.pictures.svg import drawn  # noqa: PLC0415 - few programs draw

        return drawn(self)

    def plotly(self) -> Any:
        """Return the picture as a plotly figure.

        Raises:
            ModuleNotFoundError: plotly is not installed.
        """
        from meanrev.pictures.plotly import drawn  # noqa: PLC0415 - likewise

        return drawn(self)

    def _repr_html_(self) -> str:
        return self.svg()
