"""What is installed is whole: every module can be imported, and the files that are no modules are beside them.

`make peers` runs this on the wheel, from which a file may be missing that the checkout has.
"""

import importlib
import pkgutil
import re
from importlib.resources import files
from pathlib import Path

import pytest

import gpu_kernels
from gpu_kernels.compile import sources

PACKAGES = (
    "gpu_kernels",
    "meanrev",
    "meanrev_batch",
    "meanrev_cli",
    "meanrev_demo",
    "meanrev_local",
    "meanrev_server",
    "meanrev_wire",
    "meanrev_worker",
)
HERE = Path(gpu_kernels.__file__).parent


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_can_be_imported_and_has_types(package):
    root = importlib.import_module(package)
    names = [module.name for module in pkgutil.walk_packages(root.__path__, f"{package}.")]
    assert names
    for name in names:
        importlib.import_module(name)
    assert files(package).joinpath("py.typed").is_file()


def test_every_kernel_that_is_launched_has_its_source():
    texts = [path.read_text(encoding="utf-8") for path in HERE.rglob("*.py")]
    call = re.compile(r'\b(?:library|library_holding_the_lock)\("(.+?)"\)')
    launched = {name for text in texts for name in call.findall(text)}
    assert launched
    assert launched <= set(sources())


def test_every_header_that_a_kernel_includes_is_there():
    texts = [path.read_text(encoding="utf-8") for ending in ("*.cu", "*.h") for path in HERE.rglob(ending)]
    included = {name for text in texts for name in re.findall(r'^#include "(.+)"', text, re.MULTILINE)}
    assert included
    assert [name for name in included if not (HERE / name).is_file()] == []
