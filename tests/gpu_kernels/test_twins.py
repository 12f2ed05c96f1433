"""Every operation that can take long runs by its Twins, so that what it computes can be carried to another process."""

import ast
import pickle
import pkgutil
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import gpu_kernels
from gpu_kernels import dispatch
from gpu_kernels.dispatch import Twins
from gpu_kernels.pair_trading import significance
from tests.gpu_kernels.native import needs_compiler

PACKAGE = Path(gpu_kernels.__file__).parent
OPERATIONS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def calls():
    """Return the calls that each operation offers in its file calls.py."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*/calls.py")):
        found |= import_module(f"tests.gpu_kernels.{path.parent.name}.calls").CALLS
    return found


WORK = calls()


def modules():
    return [import_module(found.name) for found in pkgutil.walk_packages(gpu_kernels.__path__, "gpu_kernels.")]


def declared():
    """Return every Twins of the package, by the module that declares it and its name there."""
    return {
        f"{module.__name__}.{name}": value
        for module in modules()
        for name, value in vars(module).items()
        if isinstance(value, Twins)
    }


def leaves(found):
    """Yield the numbers, texts and arrays of a result."""
    if isinstance(found, tuple):
        for each in found:
            yield from leaves(each)
    else:
        yield found


@pytest.mark.parametrize("backend", ["numpy", pytest.param("native", marks=needs_compiler)])
@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_the_same_is_computed_where_a_carrier_takes_it(work, backend):
    carried = []

    def carrier(function, arguments):
        carried.append(function)
        function, arguments = pickle.loads(pickle.dumps((function, arguments)))
        return pickle.loads(pickle.dumps(function(*arguments)))

    with dispatch.using(backend):
        here = work()
    with dispatch.using(backend, 1, carrier):
        there = work()
    assert carried
    for ours, theirs in zip(leaves(here), leaves(there), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@contextmanager
def unused():
    """Run a block of code; the value names each Twins of the package that has not chosen a twin in it."""
    left, choose = declared(), Twins._chosen

    def note(self, selected, arguments):
        for name in [name for name, twins in left.items() if twins is self]:  # a module may import another's
            del left[name]
        return choose(self, selected, arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Twins, "_chosen", note)
        yield left


def test_the_calls_of_the_operations_run_every_twins():
    """Where one is missing, the file calls.py of its operation needs a call that runs it."""
    significance._found.clear()  # null universes that an earlier call drew would not be drawn again
    with unused() as left:
        for work in WORK.values():
            work()
    assert list(left) == []


@pytest.mark.parametrize("twins", declared().values(), ids=declared())
def test_a_twin_is_a_function_of_the_module_named_after_it(twins):
    for kind in ("native", "device"):
        function = getattr(twins, kind)
        assert function is None or kind in function.__module__.rpartition(".")[2].split("_")
    for function in (twins.host, twins.native, twins.device):
        assert function is None or pickle.loads(pickle.dumps(function)) is function


def imports(path):
    """Return what a module imports by `from`: the name of each, with the last part of where it comes from."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        ((node.module or "").rpartition(".")[2], alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_module_of_an_operation_chooses_a_twin_by_itself(operation):
    for path in (PACKAGE / operation).glob("*.py"):
        found = {name for origin, name in imports(path) if origin == "dispatch"}
        launches = "native" in path.stem.split("_")
        allowed = (
            {"current", "in_parts"} if launches else {"Twins", "on_lanes"} if path.name == "online.py" else {"Twins"}
        )
        assert found <= allowed, path


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_launches_on_a_gpu_need_none_on_a_cpu(operation):
    for path in (PACKAGE / operation).glob("device.py"):
        assert not any("native" in pair for pair in imports(path)), path
