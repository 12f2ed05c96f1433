"""Lanes as threads under ThreadSanitizer, both forms under AddressSanitizer and UBSan: silence and the same results."""

import pytest

from tests.gpu_kernels.native import needs_compiler
from tests.proof.builds import SILENT, assert_same, build, every_entry, run

pytestmark = [needs_compiler, pytest.mark.proof, pytest.mark.timeout(600)]


@pytest.mark.parametrize("name", SILENT)
@pytest.mark.parametrize(("operation", "entry"), every_entry())
def test_the_sanitizers_have_nothing_to_say(operation, entry, name):
    found = run(build(operation, name), entry)
    assert (found.status, found.complaints) == (0, "")
    assert_same(found.arrays, run(build(operation, "native"), entry).arrays)
