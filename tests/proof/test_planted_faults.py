"""A check that cannot fail proves nothing: faults planted in lane.h must be reported, in every kernel."""

import re
from pathlib import Path

import pytest

from gpu_kernels import compile as kernels
from tests.gpu_kernels.native import needs_compiler
from tests.proof.builds import FAULTS, STORING, build, entries, entries_with, every_entry, run

pytestmark = [needs_compiler, pytest.mark.proof, pytest.mark.timeout(600)]

RUNS = 5
BOUNDS = ("bounds", "bounds of 8 lanes")


def test_the_faults_are_those_of_the_kernels():
    """A driver is given a fault's number."""
    text = (Path(kernels.__file__).parent / "lane.h").read_text(encoding="utf-8")
    (named,) = re.findall(r"enum Fault { (.*) };", text)
    assert named.split(", ") == ["NO_FAULT", *FAULTS[1:]]


def assert_race(operation, entry, fault):
    for _ in range(RUNS):
        found = run(build(operation, "races", planted=True), entry, fault=fault)
        assert found.status != 0
        assert "ThreadSanitizer: data race" in found.complaints


@pytest.mark.parametrize(("operation", "entry"), entries_with("EACH_BLOCK("))
def test_lanes_that_do_not_wait_for_one_another_are_reported(operation, entry):
    assert_race(operation, entry, "RACE")


@pytest.mark.parametrize(("operation", "entry"), entries_with("EACH("))
def test_threads_that_take_the_same_item_are_reported(operation, entry):
    assert_race(operation, entry, "OVERLAP")


def test_every_entry_is_planted_with_a_race():
    assert set(entries_with("EACH(")) | set(entries_with("EACH_BLOCK(")) == set(every_entry())


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize(("operation", "entry"), every_entry())
def test_an_item_too_many_is_reported(operation, entry, name):
    found = run(build(operation, name, planted=True), entry, fault="EXTRA")
    assert found.status != 0
    assert "AddressSanitizer: heap-buffer-overflow" in found.complaints


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("operation", STORING)
def test_a_store_past_the_end_is_reported(operation, name):
    program = build(operation, name, planted=True)
    runs = [run(program, entry, fault="OVERRUN") for entry in entries(operation)]
    assert any("AddressSanitizer: heap-buffer-overflow" in found.complaints for found in runs)
