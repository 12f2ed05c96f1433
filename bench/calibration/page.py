"""Renders docs/calibration.md from the newest JSON file of each kind: python -m bench.calibration.page bench/results.

A file is called calibration-KIND-DATE.json and has sections, each with a title, a text, columns and rows.
"""

import json
import sys
from pathlib import Path
from typing import Any

__all__ = ["render", "write_page"]

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "calibration.md"
_HEAD = """# Calibration

What the server promises, beside simulations of it. `bench/calibration/page.py` renders this page from the newest
`bench/results/calibration-*.json` of each kind; the seeds are fixed, and errors are those of the simulation.
"""


def render(results: Path) -> str:
    """Return the page of the newest file of each kind, in the order of their names."""
    newest = {path.name.rsplit("-", 3)[0]: path for path in sorted(results.glob("calibration-*.json"))}
    parts = [_HEAD]
    for path in newest.values():
        parts += [_section(section) for section in json.loads(path.read_text(encoding="utf-8"))["sections"]]
    return "\n".join(parts)


def write_page(results: Path) -> None:
    """Write the page."""
    _PAGE.write_text(render(results), encoding="utf-8")


def _section(section: dict[str, Any]) -> str:
    rows = [section["columns"], ["---"] * len(section["columns"]), *section["rows"]]
    table = "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in rows)
    return f"## {section['title']}\n\n{section['text']}\n\n{table}\n"


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    write_page(Path(sys.argv[1]))
