"""The tree that gpu_kernels.errors draws is the tree of all errors that the maths defines."""

import importlib
import inspect
import pickle
import pkgutil
import re

import pytest

import gpu_kernels
from gpu_kernels import errors
from gpu_kernels.errors import KernelError

EVERY = [
    KernelError("a reason"),
    errors.InvalidInput("prices", "must be finite", value=2.5, index=(1, 2)),
    errors.Degenerate("returns", "asset 3 has no variance", index=3),
    errors.DeviceFault("no answer", "install the driver"),
    errors.OutOfMemory("800 bytes are too many", "send a smaller batch"),
    errors.CompileError("no compiler", "install one", "none"),
    errors.CacheError("the cache is another user's"),
]


def drawn():
    """Return the parent of each class that the module's docstring draws, by the depth of its line."""
    parents, above = {}, []
    for line in inspect.getdoc(errors).splitlines():
        found = re.match(r"([│├└─ ]*)([A-Z]\w+)(?: |$)", line)
        if not found or not (found[1] or line == "KernelError"):
            continue
        depth = len(found[1]) // 4
        above = [*above[:depth], found[2]]
        parents[found[2]] = above[depth - 1] if depth else "Exception"
    return parents


def defined():
    """Return the parent of every exception that a module of the package defines."""
    names = [found.name for found in pkgutil.walk_packages(gpu_kernels.__path__, "gpu_kernels.")]
    return {
        name: each.__bases__[0].__name__
        for module in map(importlib.import_module, names)
        for name, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, BaseException) and each.__module__ == module.__name__
    }


def test_the_drawing_is_the_tree():
    assert drawn() == defined()


def test_every_error_is_tried_below():
    assert {type(each).__name__ for each in EVERY} == set(drawn())


@pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)
def test_every_error_crosses_processes_whole(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))
