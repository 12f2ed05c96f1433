"""What tests of compiled kernels share."""

import pytest

from gpu_kernels.compile import compiler
from gpu_kernels.errors import CompileError


def _missing():
    try:
        compiler()
    except CompileError as error:
        return str(error)
    return ""


needs_compiler = pytest.mark.skipif(bool(_missing()), reason=f"needs a C++ compiler: {_missing()}")
