"""One colour scale for terminal and page: viridis (van der Walt and Smith 2015), which survives grey and most eyes."""

from itertools import pairwise

__all__ = ["contrasting", "hexadecimal", "ramp"]

Colour = tuple[int, int, int]

_STOPS: tuple[Colour, ...] = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))


def ramp(share: float) -> Colour:
    """Return the colour of a share.

    Args:
        share: From 0, dark, to 1, light; values outside are clipped.
    """
    place = min(max(share, 0.0), 1.0) * (len(_STOPS) - 1)
    segment = min(int(place), len(_STOPS) - 2)
    low, high = list(pairwise(_STOPS))[segment]
    red, green, blue = (round(a + (place - segment) * (b - a)) for a, b in zip(low, high, strict=True))
    return red, green, blue


def hexadecimal(colour: Colour) -> str:
    """Return #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def contrasting(colour: Colour) -> str:
    """Return black or white, whichever can be read on a colour."""
    red, green, blue = colour
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 128 else "#ffffff"
