"""Every kernel has a driver, and every entry of it a case: no kernel escapes the proof."""

import pytest

from tests.gpu_kernels.native import needs_compiler
from tests.proof.builds import (
    DRIVERS,
    OPERATIONS,
    WIDTHS,
    assert_same,
    build,
    cases,
    driver,
    entries,
    every_entry,
    flat,
    run,
    without_tolerance,
)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_kernel_has_a_driver(operation):
    place = driver(operation)
    assert place.is_file(), f"the kernel {operation} has no driver: write tests/proof/drivers/{place.name}"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_entry_has_a_case(operation):
    missing = set(entries(operation)) - cases(operation)
    assert not missing, (
        f"tests/proof/drivers/{driver(operation).name} needs CASE({') and CASE('.join(sorted(missing))})"
    )
    assert cases(operation) <= set(entries(operation))


def test_every_driver_has_a_kernel():
    assert {path.stem for path in DRIVERS.glob("*.cc")} <= set(map(flat, OPERATIONS))


@pytest.mark.proof
@needs_compiler
@pytest.mark.parametrize(("operation", "entry"), every_entry())
def test_no_memory_is_read_before_it_is_written(operation, entry):
    """What lies in outputs and working space beforehand changes no result."""
    runs = [run(build(operation, "native"), entry, beforehand=held) for held in (0.0, 1e300, float("nan"))]
    assert all(each.arrays and each.status == 0 for each in runs)
    for other in runs[1:]:
        assert_same(other.arrays, runs[0].arrays)


@pytest.mark.proof
@needs_compiler
@pytest.mark.parametrize(("operation", "entry"), every_entry())
def test_the_number_of_threads_changes_no_bit(operation, entry):
    one, many = (run(build(operation, "native"), entry, threads).arrays for threads in (1, 5))
    assert_same(without_tolerance(many), without_tolerance(one))


@pytest.mark.proof
@needs_compiler
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", WIDTHS)
@pytest.mark.parametrize(("operation", "entry"), every_entry())
def test_the_width_of_the_vectors_changes_no_bit(operation, entry, name):
    found, expected = (run(build(operation, built), entry).arrays for built in (name, "native"))
    assert_same(without_tolerance(found), without_tolerance(expected))
