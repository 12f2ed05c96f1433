"""Requests in parts on two streams, with a stand-in for CuPy whose copies arrive only when they are waited for."""

import weakref

import numpy as np
import pytest

from gpu_kernels import device, device_pipeline, interruption
from gpu_kernels.errors import Interrupted, OutOfMemory
from gpu_kernels.interruption import Interrupt
from tests.gpu_kernels.stand_in import stand

__all__ = ["stand"]

VALUES = np.arange(24.0).reshape(12, 2)


def doubled(part):
    return device.stage(VALUES[part]) * 2.0


@pytest.mark.parametrize("n_parts", [1, 2, 5, 12])
def test_parts_come_back_complete_and_in_order(stand, n_parts):
    found = device_pipeline.in_parts(12, n_parts, doubled)
    assert len(found) == n_parts
    np.testing.assert_array_equal(np.concatenate(found), 2.0 * VALUES)


def test_both_streams_begin_behind_what_was_staged_before(stand):
    device_pipeline.in_parts(12, 2, doubled)
    staging, *turns = stand.streams
    assert len(turns) == 2
    assert all(stream.waited_for == [staging] for stream in turns)
    assert stand.stream is staging


def test_parts_that_do_not_fit_are_halved(stand):
    stand.room = 5 * 16
    found = device_pipeline.in_parts(12, 1, doubled)
    assert [part.shape[0] for part in found] == [3, 3, 3, 3]
    np.testing.assert_array_equal(np.concatenate(found), 2.0 * VALUES)
    assert stand.released == 4  # of 12, of the first 6, of the other 6 beside what was under way, and alone


def test_a_part_waits_for_those_under_way_before_it_is_halved(stand):
    refused = []

    def run(part):
        if part.start == 6 and not refused:
            refused.append(part)
            raise OutOfMemory("no room beside the other part", "wait")
        return doubled(part)

    found = device_pipeline.in_parts(12, 2, run)
    assert [part.shape[0] for part in found] == [6, 6]
    np.testing.assert_array_equal(np.concatenate(found), 2.0 * VALUES)


def test_memory_that_a_computation_lacks_halves_a_part_once_it_has_let_go_of_its_own(stand):
    """CuPy raises its own error for arrays that arithmetic makes, and an error keeps the frames that it passed."""
    staged, kept = [], []

    def run(part):
        kept.append(sum(reference() is not None for reference in staged))
        held = doubled(part)
        staged.append(weakref.ref(held))
        if part.stop - part.start > 3:
            raise stand.cuda.memory.OutOfMemoryError("out of memory allocating what a product takes")
        return held

    found = device_pipeline.in_parts(12, 1, run)
    assert [part.shape[0] for part in found] == [3, 3, 3, 3]
    np.testing.assert_array_equal(np.concatenate(found), 2.0 * VALUES)
    assert max(kept) == 0


def test_one_item_that_does_not_fit_is_said(stand):
    stand.room = 8
    with pytest.raises(OutOfMemory):
        device_pipeline.in_parts(12, 3, doubled)


def test_too_little_page_locked_memory_is_too_little_memory(stand):
    stand.pinned_room = 16 * 6
    found = device_pipeline.in_parts(12, 1, doubled)
    assert [part.shape[0] for part in found] == [6, 6]
    stand.pinned_room = 8
    with pytest.raises(OutOfMemory, match="page-locked"):
        device.fetch(device.stage(VALUES))


def test_a_failure_ends_only_when_no_copy_is_under_way(stand):
    def run(part):
        if part.start:
            raise ValueError("on the way")
        return doubled(part)

    with pytest.raises(ValueError, match="on the way"):
        device_pipeline.in_parts(12, 2, run)
    assert not any(stream._copies for stream in stand.streams)


@pytest.mark.parametrize(
    ("n_items", "nbytes", "lanes", "expected"),
    [(500, 14 * 2**20, 50_000, 1), (500, 64 * 2**20, 2**20, 8), (3, 2**30, 2**24, 3), (0, 0, 0, 1)],
)
def test_a_request_is_parted_where_both_sides_gain(n_items, nbytes, lanes, expected):
    assert device_pipeline.parts(n_items, nbytes, lanes) == expected


def test_an_interrupted_request_begins_no_further_part(stand):
    interrupt, begun = Interrupt(), []

    def run(part):
        begun.append(part.start)
        if len(begun) == 3:
            interrupt.set()
        return doubled(part)

    with interruption.using(interrupt), pytest.raises(Interrupted):
        device_pipeline.in_parts(12, 12, run)
    assert begun == [0, 1, 2]
    assert not any(stream._copies for stream in stand.streams)  # what copies still is waited for


def test_few_parts_are_under_way_at_once(stand):
    most = 0

    def run(part):
        nonlocal most
        most = max(most, sum(len(stream._copies) for stream in stand.streams))
        return doubled(part)

    device_pipeline.in_parts(12, 12, run)
    assert 2 <= most <= device_pipeline._AHEAD
