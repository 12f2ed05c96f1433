"""The terminal's picture as a file, for a page that cannot run the demo."""

import io
import re

from rich.console import Console, RenderableType

__all__ = ["snapshot"]

_COLUMNS = 100
_FONT_FROM_ELSEWHERE = re.compile(r"@font-face \{.*?\}\s*", flags=re.DOTALL)


def snapshot(picture: RenderableType) -> str:
    """Return a picture as SVG, as a terminal of 100 columns shows it; it loads no font.

    Args:
        picture: What the terminal is given.
    """
    console = Console(
        file=io.StringIO(), width=_COLUMNS, record=True, force_terminal=True, color_system="truecolor", highlight=False
    )
    console.print(picture)
    return _FONT_FROM_ELSEWHERE.sub("", console.export_svg(title="meanrev demo"))
