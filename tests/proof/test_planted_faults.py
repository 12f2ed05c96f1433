"""A check that cannot fail proves nothing: faults planted in lane.h must be reported, in every kernel."""

import re

import pytest

from gpu_kernels.compile import sources
from tests.gpu_kernels.native import needs_compiler
from tests.proof.builds import OPERATIONS, build, entries, every_entry, run

pytestmark = [needs_compiler, pytest.mark.proof, pytest.mark.timeout(600)]

RUNS = 5
BOUNDS = ("bounds", "bounds of vectors")


def entries_with(word):
    return [(operation, entry) for operation, entry in every_entry() if word in entries(operation)[entry]]


def assert_race(program, entry):
    for _ in range(RUNS):
        found = run(program, entry)
        assert found.status != 0
        assert "ThreadSanitizer: data race" in found.complaints


@pytest.mark.parametrize(("operation", "entry"), entries_with("EACH_BLOCK("))
def test_lanes_that_do_not_wait_for_one_another_are_reported(operation, entry):
    assert_race(build(operation, "races", "RACE"), entry)


@pytest.mark.parametrize(("operation", "entry"), entries_with("EACH("))
def test_threads_that_take_the_same_item_are_reported(operation, entry):
    assert_race(build(operation, "races", "OVERLAP"), entry)


def test_every_entry_is_planted_with_a_race():
    assert set(entries_with("EACH(")) | set(entries_with("EACH_BLOCK(")) == set(every_entry())


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize(("operation", "entry"), every_entry())
def test_an_item_too_many_is_reported(operation, entry, name):
    found = run(build(operation, name, "EXTRA"), entry)
    assert found.status != 0
    assert "AddressSanitizer: heap-buffer-overflow" in found.complaints


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize(
    "operation",
    [each for each in OPERATIONS if re.search(r"\bstore(_at)?\(", sources()[each].read_text(encoding="utf-8"))],
)
def test_a_store_past_the_end_is_reported(operation, name):
    runs = [run(build(operation, name, "OVERRUN"), entry) for entry in entries(operation)]
    assert any("AddressSanitizer: heap-buffer-overflow" in found.complaints for found in runs)
