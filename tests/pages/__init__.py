"""Pages of docs/ that are written from the code, its messages and the results of the benchmarks."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.pages import benchmarks, statuses, wire

__all__ = ["DOCS", "PAGES"]

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES: Mapping[str, Callable[[], str]] = {
    "benchmarks.md": benchmarks.page,
    "statuses.md": statuses.page,
    "wire.md": wire.page,
}
"""What writes each page, by its name in docs/."""
