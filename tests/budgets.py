"""Reports the sizes of the code against its budgets, and fails where a hard one is broken.

Budgets: modules of at most 150 lines in the median and 300 at most; functions of at most 31 lines for nine in ten and
60 at most; tests of at least as many lines as the source.
"""

import ast
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("gpu_kernels", "proto/meanrev_wire", "server", "client")


def product_modules() -> list[Path]:
    """Return the product's modules, without generated code."""
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "_pb2" not in path.name]


def function_lengths(path: Path) -> list[tuple[int, str]]:
    """Return (lines, name) of every function of a module, docstrings included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [(node.end_lineno - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.name}") for node in functions]


def lines(path: Path) -> int:
    """Count a file's lines."""
    return len(path.read_text(encoding="utf-8").splitlines())


def main() -> int:
    """Print the table; return 1 where a budget is broken."""
    modules = [(lines(path), str(path.relative_to(ROOT))) for path in product_modules()]
    functions = [entry for path in product_modules() for entry in function_lengths(path)]
    source = sum(size for size, _ in modules)
    tests = sum(lines(path) for path in (ROOT / "tests").rglob("*.py") if "_pb2" not in path.name)
    sizes = [size for size, _ in modules if size > 1]
    spans = sorted(size for size, _ in functions)
    rows = [
        ("module median", statistics.median(sizes), 150),
        ("module longest", max(modules)[0], 300),
        ("function p90", spans[int(0.9 * len(spans))], 31),
        ("function longest", max(functions)[0], 60),
        ("source per test line", round(source / tests, 2), 1),
    ]
    for name, value, limit in rows:
        print(f"{name:22} {value:>7}  budget {limit:>4}  {'ok' if value <= limit else 'OVER'}")  # noqa: T201
    over = [entry for entry in modules if entry[0] > 300] + [entry for entry in functions if entry[0] > 60]
    for size, name in over:
        print(f"  {name}: {size} lines")  # noqa: T201
    return int(any(value > limit for _, value, limit in rows))


if __name__ == "__main__":
    sys.exit(main())
