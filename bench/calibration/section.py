"""A section of measured figures: how it is kept as JSON and shown on the page."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Section", "Table", "newest", "page", "write"]

_HEAD = """# Calibration

Whether the statistics hold what they say: an interval that is called a 95 % interval must cover the truth in 95 % of
samples, and a test at 5 % must reject a true null in 5 %. Every figure here is simulated with a fixed seed.
`se` is its Monte Carlo standard error. `python -m bench.calibration` measures them anew, and makes this page from the
files `bench/results/calibration-*.json`.
"""


class Table(NamedTuple):
    """One table of a section.

    Attributes:
        title: Its heading.
        text: What was done, in Markdown.
        columns: Names of the columns.
        rows: Entries as they are shown: numbers or texts.
    """

    title: str
    text: str
    columns: list[str]
    rows: list[list[Any]]


class Section(NamedTuple):
    """Some tables about one subject.

    Attributes:
        place: Where it stands on the page; lower ones come first.
        title: Its heading.
        text: What it is about, in Markdown.
        settings: Seeds, numbers of draws, versions of peers.
        tables: The figures.
    """

    place: int
    title: str
    text: str
    settings: dict[str, Any]
    tables: list[Table]


def write(section: Section, name: str, folder: Path) -> Path:
    """Keep a section as calibration-NAME-DATE.json in a folder, and return the file."""
    path = folder / f"calibration-{name}-{datetime.now(tz=UTC).date().isoformat()}.json"
    kept = section._asdict() | {"tables": [table._asdict() for table in section.tables]}
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return path


def newest(folder: Path) -> list[tuple[str, Section]]:
    """Return the newest file's name and content for every section in a folder, in the order of the page."""
    latest: dict[str, Path] = {}
    for path in sorted(folder.glob("calibration-*.json")):
        latest[path.stem[: -len("-2026-11-30")]] = path
    found = []
    for path in latest.values():
        held = json.loads(path.read_text(encoding="utf-8"))
        tables = [Table(**table) for table in held.pop("tables")]
        found.append((path.name, Section(**held, tables=tables)))
    return sorted(found, key=lambda each: (each[1].place, each[0]))


def page(folder: Path) -> str:
    """Return the page, in Markdown, from the newest files of every section."""
    parts = [_HEAD]
    for name, section in newest(folder):
        settings = "; ".join(f"{key} {value}" for key, value in section.settings.items())
        parts.append(f"## {section.title}\n\n{section.text}\n\nFrom `{name}`: {settings}.\n")
        for table in section.tables:
            head = "| " + " | ".join(table.columns) + " |\n|" + "---|" * len(table.columns)
            rows = "\n".join("| " + " | ".join(map(_shown, row)) + " |" for row in table.rows)
            parts.append(f"### {table.title}\n\n{table.text}\n\n{head}\n{rows}\n")
    return "\n".join(parts)


def _shown(entry: Any) -> str:
    return f"{entry:.4g}" if isinstance(entry, float) else str(entry)
