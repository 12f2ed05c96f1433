"""docs/faults.md is what the newest run of bench.faults measured, and each of its rows has a test."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BENCH, PAGE = ROOT / "bench", ROOT / "docs" / "faults.md"

pytestmark = pytest.mark.skipif(not BENCH.is_dir(), reason="needs the checkout, and this run has the wheel alone")


@pytest.fixture(scope="module")
def rows():
    """The rows of the table by their numbers."""
    from bench.faults.catalogue import catalogue

    return catalogue()


@pytest.fixture(scope="module")
def document():
    """What the newest run measured."""
    from bench.faults import keeping

    return keeping.newest(BENCH / "results")


@pytest.fixture(scope="module")
def rendered():
    """The function that writes the page."""
    from bench.faults import page

    return page.rendered


@cache
def functions(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_the_page_is_what_the_newest_run_measured(document, rendered):
    assert PAGE.read_text(encoding="utf-8") == rendered(document)


def test_every_row_is_on_the_page(rows):
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert [number for number in rows if sum(line.startswith(f"| {number} | ") for line in lines) != 1] == []


def test_every_row_names_a_test_that_exists(rows):
    named = [row.test.partition("::") for row in rows.values()]
    assert [(path, name) for path, _, name in named if name not in functions(path)] == []


def test_every_module_with_attacks_is_in_the_catalogue():
    from bench.faults.catalogue import MODULES

    paths = (BENCH / "faults").glob("*.py")
    with_attacks = {path.stem for path in paths if "\n@attack(" in path.read_text(encoding="utf-8")}
    assert {module.__name__.rpartition(".")[2] for module in MODULES} == with_attacks


def test_a_row_that_does_not_hold_says_so(document, rendered):
    row = {**document["rows"][0], "holds": False, "broke_off": "it broke off"}
    text = rendered({**document, "rows": [row]})
    assert "**does not hold**" in text
    assert "it broke off" in text
    assert "rows 0 hold, 1 do not" in text
    assert "not measured" in text
