"""The branch of every kernel that a GPU's compiler takes runs on the CPU, under the sanitizers, and computes the same.

Every build can plant faults, so that each is compiled once.
"""

import pytest

from tests.gpu_kernels.native import needs_compiler
from tests.proof.builds import (
    EMULATED,
    STORING,
    assert_same,
    build,
    entries,
    entries_with,
    every_entry,
    run,
    without_tolerance,
)

pytestmark = [needs_compiler, pytest.mark.proof, pytest.mark.timeout(600)]

BACKWARDS = 127
"""Step from a lane to the one that runs next, for blocks of 128 lanes."""


def emulated(operation, name="GPU, bounds"):
    return build(operation, name, planted=True)


@pytest.mark.parametrize("name", EMULATED)
@pytest.mark.parametrize(("operation", "entry"), every_entry())
def test_the_sanitizers_have_nothing_to_say_and_the_lanes_of_a_cpu_compute_the_same(operation, entry, name):
    found = run(emulated(operation, name), entry)
    assert (found.status, found.complaints) == (0, "")
    assert_same(found.arrays, run(build(operation, "native"), entry).arrays)


@pytest.mark.parametrize(("operation", "entry"), every_entry())
def test_neither_the_order_of_the_lanes_nor_what_memory_holds_changes_a_bit(operation, entry):
    program = emulated(operation)
    forwards, backwards = (
        run(program, entry, threads=step, beforehand=held) for step, held in ((1, 0.0), (BACKWARDS, float("nan")))
    )
    assert forwards.arrays
    assert (backwards.status, backwards.complaints) == (0, "")
    assert_same(without_tolerance(backwards.arrays), without_tolerance(forwards.arrays))


def assert_race(operation, entry, fault):
    found = run(emulated(operation, "GPU, races"), entry, fault=fault)
    assert found.status != 0
    assert "ThreadSanitizer: data race" in found.complaints


@pytest.mark.parametrize(("operation", "entry"), entries_with("EACH_BLOCK("))
def test_lanes_that_do_not_wait_for_one_another_are_reported(operation, entry):
    assert_race(operation, entry, "RACE")


@pytest.mark.parametrize(("operation", "entry"), entries_with("EACH("))
def test_lanes_that_take_the_same_item_are_reported(operation, entry):
    assert_race(operation, entry, "OVERLAP")


@pytest.mark.parametrize(("operation", "entry"), every_entry())
def test_an_item_too_many_is_reported(operation, entry):
    found = run(emulated(operation), entry, fault="EXTRA")
    assert found.status != 0
    assert "AddressSanitizer: heap-buffer-overflow" in found.complaints


@pytest.mark.parametrize("operation", STORING)
def test_a_store_past_the_end_is_reported(operation):
    runs = [run(emulated(operation), entry, fault="OVERRUN") for entry in entries(operation)]
    assert any("AddressSanitizer: heap-buffer-overflow" in found.complaints for found in runs)
