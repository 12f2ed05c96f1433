"""Draws the equations of a page as vectors: they look alike in every browser, without a script, a font or a network."""

import re
from functools import cache
from html import escape, unescape

import ziamath
from latex2mathml.converter import convert

__all__ = ["NotAnEquation", "drawn"]

EQUATION = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)
EM = 17.0
"""Units of a drawing that are one em of the page."""

ziamath.config.svg2 = False  # paths in place, for symbols of several drawings of a page would share their ids
ziamath.config.math.color = "currentColor"


class NotAnEquation(ValueError):
    """What stands between dollar signs cannot be read."""


def drawn(html: str) -> str:
    """Replace each equation of a page by its drawing.

    Args:
        html: The page, in which arithmatex has marked the equations.

    Raises:
        NotAnEquation: one cannot be read.
    """
    return EQUATION.sub(lambda match: _drawing(" ".join(unescape(match[2]).split()), inline=match[1] == "span"), html)


@cache
def _drawing(written: str, *, inline: bool) -> str:
    try:
        unread = re.search(r"\\[a-zA-Z]+", convert(written))
        svg = ziamath.Latex(written, size=EM, inline=inline).svg()
    except Exception as error:
        raise NotAnEquation(f"the equation {written!r} cannot be read: {error}") from error
    if unread:
        raise NotAnEquation(f"the equation {written!r} has the unknown command {unread[0]}")
    box = re.search(r' width="[\d.]+" height="[\d.]+" viewBox="(\S+) (\S+) (\S+) (\S+)"', svg)
    if box is None:
        raise NotAnEquation(f"the equation {written!r} has no size")
    _, top, width, height = map(float, box.groups())
    style = f"width:{width / EM:.3f}em;height:{height / EM:.3f}em;vertical-align:{-(top + height) / EM:.3f}em"
    label = f' role="img" aria-label="{escape(written, quote=True)}" style="{style}"'
    shown = svg.replace(box[0], f'{label} viewBox="{" ".join(box.groups())}"', 1)
    return shown if inline else f'<div class="equation">{shown}</div>'
