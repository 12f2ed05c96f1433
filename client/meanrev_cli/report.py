"""HTML pages that need nothing else: no script, no font, no request."""

from collections.abc import Iterable, Sequence
from html import escape

from meanrev.pictures import Chart
from meanrev_demo.style import STYLE

__all__ = ["document", "figure", "table"]


def document(title: str, sections: Iterable[str]) -> str:
    """Return a page as HTML.

    Args:
        title: Its name.
        sections: Elements, the first on top.
    """
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
    )
    body = f"<h1>{escape(title)}</h1>{''.join(sections)}"
    return f'<!doctype html><html lang="en"><head>{head}</head><body><main>{body}</main></body></html>\n'


def figure(chart: Chart) -> str:
    """Return a picture, wide enough to be read where the page is narrow."""
    return f'<figure class="scroll" tabindex="0"><div class="picture">{chart.svg()}</div></figure>'


def table(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells end where the next begins, which HTML allows and large tables are smaller by.

    Args:
        columns: Name and format of each.
        rows: A word for each column.
    """
    head = "".join(f'<th scope="col">{escape(name.replace("_", " "))}</th>' for name, _ in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(word)}" for word in others)}'
        for first, *others in rows
    )
    return f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
