"""Shows the client's methods in the reference: Methods assigns declarations, and the reader needs their signatures."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from griffe import Docstring, Expr, ExprSubscript, Extension, Function, GriffeLoader, Module, Parameters, visit

__all__ = ["MethodsAsFunctions"]

METHODS = "meanrev.methods"


class MethodsAsFunctions(Extension):
    """Replaces each `name = Method(declared)` of meanrev.methods.Methods by the declared function, with its result."""

    def on_package(self, *, pkg: Module, loader: GriffeLoader, **_: Any) -> None:
        """Change the package once it is read.

        Args:
            pkg: The package; others than meanrev stay as they are.
            loader: What read it.
        """
        if pkg.name != "meanrev":
            return
        folder = Path(str(pkg.filepath)).parent / "methods"
        modules = _imported(folder / "__init__.py")
        methods = pkg["methods.Methods"]
        for name in [name for name, member in methods.members.items() if member.is_attribute]:
            methods.set_member(name, _method(name, folder / f"{modules[name]}.py", pkg["methods"]))


def _imported(path: Path) -> Mapping[str, str]:
    """Return the module of the methods' package from which a module imports each name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        alias.name: node.module.rpartition(".")[2]
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(METHODS)
        for alias in node.names
    }


def _method(name: str, path: Path, parent: Module) -> Function:
    """Return what a module declares under a name: a function, or one by `under_name(declare, method, name, text)`."""
    found = visit(path.stem, path, path.read_text(encoding="utf-8"), parent=parent)[name]
    if isinstance(found, Function):
        text = found.docstring.value if found.docstring else ""
        return _shown(name, found, found.parameters, text)
    call = ast.parse(str(found.value), mode="eval").body
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "under_name"):
        raise TypeError(f"{path}: {name} is neither a function nor one under another name")
    declare, _, _, summary = call.args
    module = path.with_name(f"{_imported(path)[ast.unparse(declare)]}.py")
    whole = visit(module.stem, module, module.read_text(encoding="utf-8"), parent=parent)[ast.unparse(declare)]
    _, *parameters = whole.parameters  # the first one is the service's method
    text = f"{ast.literal_eval(summary)}\n{whole.docstring.value.partition(chr(10))[2]}"
    return _shown(name, whole, Parameters(*parameters), text)


def _shown(name: str, declared: Function, parameters: Parameters, text: str) -> Function:
    shown = Function(name, parameters=parameters, returns=_result(declared.returns), lineno=1, endlineno=1)
    shown.docstring = Docstring(text, parent=shown, parser="google")
    return shown


def _result(returns: str | Expr | None) -> str | Expr | None:
    """Return OuFit for Question[OuFit], which is what a caller gets."""
    return returns.slice if isinstance(returns, ExprSubscript) else returns
