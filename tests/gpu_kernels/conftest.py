"""The fixture `twin`: a test with it runs on the NumPy twin, on kernels of every width, and on an emulated GPU."""

import pytest

from gpu_kernels.compile import sources
from tests.gpu_kernels.twins import EVERY, compiled_once


@pytest.fixture(scope="session", params=EVERY)
def twin(request):
    """The twin that computes while the test runs; twins.on chooses fewer."""
    return request.param


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    twin = item.funcargs.get("twin") if hasattr(item, "funcargs") else None
    if twin is None:
        return (yield)
    if twin.backend != "numpy":
        for name in sources():
            if name.partition("/")[0] == item.path.parent.name:
                compiled_once(name, twin.width)
    with twin.running():
        return (yield)
