"""Reports the sizes of the code against its budgets, and exits with 1 where one is broken.

A module of the product has at most 300 lines, and half of the modules have at most 150. A function has at most 60
lines, and nine in ten have at most 31. A kernel file (.cu, .h) has the limit of a module; its median is higher, because
there are few small ones. A benchmark is a module like any other, since a mistake in its set-up makes a published figure
wrong. A test module may have 400 lines, because a table of cases is read from top to bottom and a split would separate
the cases of one contract. Tests of at least as many lines of code as the product are a goal, which is reported only.
"""

import ast
import io
import statistics
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("gpu_kernels", "proto/meanrev_wire", "server", "client", "batch")
PYTHON = ("*.py",)
KERNELS = ("*.cu", "*.h", "*.cc")
FUNCTION_LONGEST = 60
FUNCTION_NINETIETH = 31


class Part(NamedTuple):
    """One part of the code and its budget.

    Attributes:
        name: What the report calls it.
        folders: Where its files are, from the root.
        patterns: Names of its files.
        median: Most lines of the median file.
        longest: Most lines of any file.
    """

    name: str
    folders: tuple[str, ...]
    patterns: tuple[str, ...]
    median: int
    longest: int

    def files(self) -> list[Path]:
        """Return the part's files, without generated code and builds."""
        found = {path for folder in self.folders for name in self.patterns for path in (ROOT / folder).rglob(name)}
        return sorted(path for path in found if "_pb2" not in path.name and "node_modules" not in path.parts)


PARTS = (
    Part("product", PRODUCT, PYTHON, 150, 300),
    Part("kernels", ("gpu_kernels",), KERNELS, 200, 300),
    Part("bench", ("bench",), (*PYTHON, *KERNELS), 150, 300),
    Part("site", ("docs/site",), PYTHON, 150, 300),
    Part("tests", ("tests",), (*PYTHON, *KERNELS), 150, 400),
)


class Line(NamedTuple):
    """One line of the report: a size beside its limit, and what exceeds it."""

    name: str
    value: float
    limit: int
    over: tuple[str, ...] = ()


def lines(path: Path) -> int:
    """Count a file's lines."""
    return len(path.read_text(encoding="utf-8").splitlines())


def function_lengths(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (lines, place) of every function of a module, docstrings included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.name}"


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


def _too_long(sizes: list[tuple[int, str]], limit: int) -> tuple[str, ...]:
    return tuple(f"{place}: {size} lines" for size, place in sizes if size > limit)


def report(part: Part) -> Iterator[Line]:
    """Yield a part's lines of the report."""
    files = part.files()
    sizes = [(lines(path), str(path.relative_to(ROOT))) for path in files]
    yield Line(f"{part.name} file median", statistics.median(size for size, _ in sizes if size > 1), part.median)
    yield Line(f"{part.name} file longest", max(sizes)[0], part.longest, _too_long(sizes, part.longest))
    functions = sorted(entry for path in files if path.suffix == ".py" for entry in function_lengths(path))
    if functions:
        yield Line(f"{part.name} function p90", functions[int(0.9 * len(functions))][0], FUNCTION_NINETIETH)
        over = _too_long(functions, FUNCTION_LONGEST)
        yield Line(f"{part.name} function longest", functions[-1][0], FUNCTION_LONGEST, over)


def main() -> int:
    """Print the report; return 1 where a budget is broken."""
    found = [line for part in PARTS for line in report(part)]
    for line in found:
        verdict = "ok" if line.value <= line.limit else "OVER"
        print(f"{line.name:24} {line.value:>6g}  budget {line.limit:>4}  {verdict}")  # noqa: T201
        for place in line.over:
            print(f"    {place}")  # noqa: T201
    product, *_, tests = PARTS
    source, proof = (sum(map(lines_of_code, part.files())) for part in (product, tests._replace(patterns=PYTHON)))
    print(f"{'tests per line of code':24} {proof / source:>6.2f}  goal      1  {proof} / {source}")  # noqa: T201
    return int(any(line.value > line.limit for line in found))


if __name__ == "__main__":
    sys.exit(main())
