"""Shows the client's methods in the reference: Methods assigns declarations, and the reader needs their signatures."""

import ast
from pathlib import Path
from typing import Any

from griffe import Docstring, Expr, ExprSubscript, Extension, Function, GriffeLoader, Module, visit

__all__ = ["MethodsAsFunctions"]


class MethodsAsFunctions(Extension):
    """Replaces each `name = Method(function)` of meanrev.methods.Methods by the function, with the result that it declares."""

    def on_package(self, *, pkg: Module, loader: GriffeLoader, **_: Any) -> None:
        """Change the package once it is read.

        Args:
            pkg: The package; others than meanrev stay as they are.
            loader: Who read it.
        """
        if pkg.name != "meanrev":
            return
        listed = Path(str(pkg.filepath)).parent / "methods" / "__init__.py"
        tree = ast.parse(listed.read_text(encoding="utf-8"))
        modules = {
            alias.asname or alias.name: node.module.rpartition(".")[2]
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }
        methods = pkg["methods.Methods"]
        for name in [name for name, member in methods.members.items() if member.is_attribute and name in modules]:
            path = listed.with_name(f"{modules[name]}.py")
            declared = visit(path.stem, path, path.read_text(encoding="utf-8"), parent=pkg["methods"])[name]
            methods.set_member(name, _method(declared))


def _method(declared: Function) -> Function:
    found = Function(
        declared.name,
        parameters=declared.parameters,
        returns=_result(declared.returns),
        lineno=declared.lineno,
        endlineno=declared.endlineno,
    )
    if declared.docstring is not None:
        found.docstring = Docstring(declared.docstring.value, parent=found)
    return found


def _result(returns: str | Expr | None) -> str | Expr | None:
    """Return OuFit for Question[OuFit], which is what a caller gets."""
    return returns.slice if isinstance(returns, ExprSubscript) else returns
