"""Reports the sizes of the code against its budgets, and fails where a hard one is broken.

Budgets: modules of at most 150 lines in the median and 300 at most; functions of at most 31 lines for nine in ten and
60 at most. Tests of at least as many lines of code as the source are a goal, reported only.
"""

import ast
import io
import statistics
import sys
import tokenize
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


def lines_of_code(path: Path) -> int:
    """Count the lines that are neither blank nor comment nor docstring."""
    text = path.read_text(encoding="utf-8")
    idle = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type not in idle]
    busy = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            busy -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(busy)


def main() -> int:
    """Print the table; return 1 where a budget is broken."""
    modules = [(lines(path), str(path.relative_to(ROOT))) for path in product_modules()]
    functions = [entry for path in product_modules() for entry in function_lengths(path)]
    source = sum(lines_of_code(path) for path in product_modules())
    tests = sum(lines_of_code(path) for path in (ROOT / "tests").rglob("*.py") if "_pb2" not in path.name)
    sizes = [size for size, _ in modules if size > 1]
    spans = sorted(size for size, _ in functions)
    rows = [
        ("module median", statistics.median(sizes), 150),
        ("module longest", max(modules)[0], 300),
        ("function p90", spans[int(0.9 * len(spans))], 31),
        ("function longest", max(functions)[0], 60),
    ]
    for name, value, limit in rows:
        print(f"{name:22} {value:>7}  budget {limit:>4}  {'ok' if value <= limit else 'OVER'}")  # noqa: T201
    print(f"{'tests per line of code':22} {tests / source:>7.2f}  goal      1  {tests} / {source}")  # noqa: T201
    over = [entry for entry in modules if entry[0] > 300] + [entry for entry in functions if entry[0] > 60]
    for size, name in over:
        print(f"  {name}: {size} lines")  # noqa: T201
    return int(any(value > limit for _, value, limit in rows))


if __name__ == "__main__":
    sys.exit(main())
