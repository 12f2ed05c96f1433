"""The stand-in under CuPy's name, for processes that a test starts with this folder on their path.

Importing it fails where the environment variable STAND_IN_FAILS is "all", or is a word of the process's command.
"""

import os
import sys
from pathlib import Path

from gpu_kernels import compile as kernels
from gpu_kernels import device
from tests.gpu_kernels.emulation import compiled
from tests.gpu_kernels.stand_in import Stand

if os.environ.get("STAND_IN_FAILS", "") in {"all", *sys.orig_argv}:
    raise RuntimeError("this process was to fail")

_stand = Stand()
for module, file in ((device, Path), (kernels, lambda name: Path(compiled(name)._name))):
    # The stand-in compiles a kernel itself, and finds it by its name.
    vars(module)["cubin_file"] = lambda name, _, file=file: file(name)


def __getattr__(name):
    return getattr(_stand, name)
