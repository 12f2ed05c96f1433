"""Sources of Python code, each parsed once in a process however many tests read it."""

import ast
import tokenize
from functools import cache
from pathlib import Path

__all__ = ["imported", "nodes", "parsed", "prose"]


@cache
def parsed(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return all nodes of a module's syntax tree."""
    return tuple(ast.walk(parsed(path)))


def prose(path: Path) -> list[tuple[int, str]]:
    """Return the comments and texts of a module, docstrings among them, each with the number of its first line."""
    with tokenize.open(path) as file:
        tokens = tokenize.generate_tokens(file.readline)
        return [(token.start[0], token.string) for token in tokens if token.type in {tokenize.COMMENT, tokenize.STRING}]


@cache
def imported(path: Path) -> frozenset[str]:
    """Return the names that a module imports from others."""
    return frozenset(alias.name for node in nodes(path) if isinstance(node, ast.ImportFrom) for alias in node.names)
