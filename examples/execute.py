"""Execute the notebooks in notebooks/*.py, whose cells begin with `# %%`, and write them as .ipynb.

python examples/execute.py OUT writes them into the folder OUT; python examples/execute.py examples/notebooks renews
those that are kept. The last expression of a cell is shown as Jupyter shows it: as a picture, as HTML, or as text.
"""

import ast
import contextlib
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).resolve().parent / "notebooks"


def cells_of(text: str) -> list[tuple[str, str]]:
    """Return the kind ("markdown" or "code") and the source of each cell of a notebook in percent format.

    Args:
        text: The file; its first line begins a cell.
    """
    found = []
    for part in re.split(r"^# %%", text, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        if head.strip() == "[markdown]":
            found.append(("markdown", re.sub(r"^# ?", "", body.strip(), flags=re.MULTILINE)))
        else:
            found.append(("code", body.strip()))
    return found


def executed(cells: list[tuple[str, str]], name: str) -> dict[str, Any]:
    """Run the code of a notebook from top to bottom, and return the notebook with its outputs, in nbformat 4.5.

    Args:
        cells: As cells_of returns them.
        name: Of the notebook, for tracebacks.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    out: list[dict[str, Any]] = []
    for number, (kind, source) in enumerate(cells):
        cell: dict[str, Any] = {
            "cell_type": kind,
            "id": f"cell-{number}",
            "metadata": {},
            "source": source.splitlines(keepends=True),
        }
        if kind == "code":
            count = sum(before["cell_type"] == "code" for before in out) + 1
            cell |= {"execution_count": count, "outputs": _outputs(source, names, f"{name}, cell {number}", count)}
        out.append(cell)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": out, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _outputs(source: str, names: dict[str, Any], place: str, count: int) -> list[dict[str, Any]]:
    """Run one cell; return what it printed and the value of its last expression."""
    tree = ast.parse(source, place)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, place, "exec"), names)  # noqa: S102 - the cells are our own
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), place, "eval"), names)  # noqa: S307 - likewise
    found: list[dict[str, Any]] = []
    if printed.getvalue():
        found.append({"name": "stdout", "output_type": "stream", "text": printed.getvalue().splitlines(keepends=True)})
    if value is not None:
        shown = {"data": _shown(value), "execution_count": count, "metadata": {}, "output_type": "execute_result"}
        found.append(shown)
    return found


def _shown(value: Any) -> dict[str, list[str]]:
    """Return a value by the types that it can be shown as."""
    forms = {"text/plain": repr(value) if not hasattr(value, "svg") else f"<{type(value).__name__}>"}
    if hasattr(value, "svg"):
        forms["image/svg+xml"] = value.svg()
    elif hasattr(value, "_repr_html_"):
        forms["text/html"] = value._repr_html_()
    return {kind: text.splitlines(keepends=True) for kind, text in forms.items()}


def main(out: Path) -> None:
    """Execute every notebook and write it into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(NOTEBOOKS.glob("*.py")):
        notebook = executed(cells_of(path.read_text(encoding="utf-8")), path.name)
        target = out / f"{path.stem}.ipynb"
        target.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        pictures = sum(
            "image/svg+xml" in output.get("data", {})
            for cell in notebook["cells"]
            for output in cell.get("outputs", ())
        )
        print(f"{target.name}: {len(notebook['cells'])} cells, {pictures} pictures")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else NOTEBOOKS)
