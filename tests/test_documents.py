"""The examples of the README and the pages run, and their links lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FRONT = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
PAGES = [path for path in (*FRONT, *sorted((ROOT / "docs").rglob("*.md"))) if path.is_file()]

pytestmark = pytest.mark.skipif(not PAGES, reason="needs the checkout, and this run has the wheel alone")


def blocks(path):
    return re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    "path",
    [path for path in PAGES if blocks(path)] or [None],
    ids=lambda path: str(path.relative_to(ROOT)) if path else "none",
)
def test_every_python_example_runs(path, capsys):
    """Blocks of one page share names, as a reader would type them one after the other."""
    names = {"__name__": "__main__"}
    for block in blocks(path):
        exec(compile(block, str(path), "exec"), names)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_within_the_project_leads_somewhere(path):
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []
