"""The sanitizers report nothing, neither of lanes that are threads nor of vectors, and results are the same."""

import pytest

from tests.gpu_kernels.native import needs_compiler
from tests.proof.builds import CHECKED, assert_same, build, every_entry, run

pytestmark = [needs_compiler, pytest.mark.proof, pytest.mark.timeout(600)]


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.parametrize(("operation", "entry"), every_entry())
def test_the_sanitizers_have_nothing_to_say(operation, entry, name):
    found = run(build(operation, name), entry)
    assert (found.status, found.complaints) == (0, "")
    assert_same(found.arrays, run(build(operation, "native"), entry).arrays)
