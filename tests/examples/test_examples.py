"""The examples' own machinery, and that their page, notebooks and files agree. `make examples` runs them."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
NOTEBOOKS = sorted((EXAMPLES / "notebooks").glob("*.py"))

pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="needs the checkout, and this run has the wheel alone")


def module(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def sources(notebook):
    return [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]


def test_the_page_states_what_every_example_prints():
    programs = {path.name for path in EXAMPLES.glob("*.py") if "__main__" in path.read_text(encoding="utf-8")}
    documented = module("run").documented()
    assert set(documented) == programs - {"run.py"}
    assert all(documented.values())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_kept_notebook_has_the_cells_of_its_source_and_a_picture(path):
    """`python examples/execute.py` renews it."""
    kept = json.loads(path.with_suffix(".ipynb").read_text(encoding="utf-8"))
    assert sources(kept) == module("execute").cells_of(path.read_text(encoding="utf-8"))
    shown = [output for cell in kept["cells"] for output in cell.get("outputs", ())]
    pictures = [
        "".join(output["data"]["image/svg+xml"]) for output in shown if "image/svg+xml" in output.get("data", {})
    ]
    assert pictures
    assert all(picture.startswith("<svg") for picture in pictures)
    counts = [cell["execution_count"] for cell in kept["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_a_cell_shows_what_it_prints_and_its_last_value():
    execute = module("execute")
    text = "# %% [markdown]\n# # Title\n#\n# Words.\n\n# %%\nx = 2\nprint(x)\n\n# %%\nx + 40\n\n# %%\nx = 3\n"
    cells = execute.cells_of(text)
    assert cells == [
        ("markdown", "# Title\n\nWords."),
        ("code", "x = 2\nprint(x)"),
        ("code", "x + 40"),
        ("code", "x = 3"),
    ]
    outputs = [cell.get("outputs") for cell in execute.executed(cells, "text")["cells"]]
    assert outputs[1] == [{"name": "stdout", "output_type": "stream", "text": ["2\n"]}]
    assert outputs[2][0]["data"] == {"text/plain": ["42"]}
    assert outputs[0] is None
    assert outputs[3] == []
    with pytest.raises(ZeroDivisionError):
        execute.executed([("code", "1 / 0")], "text")


@pytest.mark.parametrize(
    ("program", "verdict", "said"),
    [
        ("print('as stated')", "ok", ""),
        ("print('else')", "FAILED", "it printed something else than README.md says:\nelse\n"),
        ("print('skipped: no Node.js'); raise SystemExit(77)", "skipped", "no Node.js"),
        ("raise SystemExit(3)", "FAILED", "exit code 3\n"),
        ("import os; print('as stated' if 'MEANREV_HOST' not in os.environ else 'a setting')", "ok", ""),
    ],
)
def test_an_example_passes_by_what_it_prints(tmp_path, monkeypatch, program, verdict, said):
    run = module("run")
    monkeypatch.setattr(run, "HERE", tmp_path)
    monkeypatch.setenv("MEANREV_HOST", "nowhere:1")
    (tmp_path / "program.py").write_text(program)
    assert run.outcome("program.py", "as stated\n") == (verdict, said)
