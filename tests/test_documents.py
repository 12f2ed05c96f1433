"""The examples of the README and the pages run, and their links lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.sources import prose

ROOT = Path(__file__).resolve().parent.parent
FRONT = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
PAGES = [path for path in (*FRONT, *sorted((ROOT / "docs").rglob("*.md"))) if path.is_file()]
DECISIONS = ROOT / "docs" / "decisions"  # they keep the words of their time
PROSE = [*(path for path in PAGES if path.parent != DECISIONS), *sorted((ROOT / "proto").glob("*.proto"))]
RETIRED = {
    "knobs?": "setting",
    "lives": "is, or runs",
    "tells": "says, reports or returns",
    "knows": "has, takes or supports",
    "wants": "needs, or expects",
    "speaks": "supports, or uses",
    "whoever": "the caller, or anyone who",
}
"""Words that a reader has to decode, and what to write instead."""

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


@pytest.mark.parametrize("path", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_says_things_in_the_words_of_the_field(path):
    text = path.read_text(encoding="utf-8").lower()
    assert [f"{word}: {instead}" for word, instead in RETIRED.items() if re.search(rf"\b{word}\b", text)] == []


@pytest.mark.parametrize("folder", ["gpu_kernels", "proto/meanrev_wire", "server", "client", "batch"])
def test_comments_docstrings_and_errors_say_things_in_the_words_of_the_field(folder):
    retired = re.compile(rf"(?<!half-)\b({'|'.join(RETIRED)})\b", re.IGNORECASE)
    sources = [path for path in sorted((ROOT / folder).rglob("*.py")) if "_pb2" not in path.name]
    assert [
        f"{path.relative_to(ROOT)}:{number}: {found[0]}"
        for path in sources
        for number, text in prose(path)
        if (found := retired.search(text))
    ] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_within_the_project_leads_somewhere(path):
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []
