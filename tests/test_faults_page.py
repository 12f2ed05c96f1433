"""docs/faults.md is what the newest run of bench.faults measured, and each of its rows has a test."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
if not (ROOT / "bench").is_dir():
    pytest.skip("needs the checkout, and this run has the wheel alone", allow_module_level=True)

from bench.faults import keeping, page
from bench.faults.catalogue import MODULES, catalogue

RESULTS = ROOT / "bench" / "results"


@cache
def functions(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_the_page_is_what_the_newest_run_measured():
    document = keeping.newest(RESULTS)
    assert (ROOT / "docs" / "faults.md").read_text(encoding="utf-8") == page.rendered(document)


def test_every_row_was_measured():
    assert [row["row"] for row in keeping.newest(RESULTS)["rows"]] == list(catalogue())


@pytest.mark.parametrize("number", catalogue())
def test_a_row_names_a_test_that_exists(number):
    path, _, name = catalogue()[number].test.partition("::")
    assert path.startswith("tests/")
    assert name in functions(path)


def test_every_module_with_attacks_is_in_the_catalogue():
    names = {path.stem for path in (ROOT / "bench" / "faults").glob("*.py") if "@attack(" in path.read_text("utf-8")}
    assert {module.__name__.rpartition(".")[2] for module in MODULES} == names


def test_a_row_that_does_not_hold_says_so():
    document = keeping.newest(RESULTS)
    row = dict(document["rows"][0], holds=False, broke_off="it broke off")
    text = page.rendered({**document, "rows": [row]})
    assert "**does not hold**" in text
    assert "it broke off" in text
    assert "**0 of 1 rows hold.**" in text
