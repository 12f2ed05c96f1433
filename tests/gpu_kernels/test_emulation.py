"""The emulated GPU reports launches that a real one would carry out wrongly."""

import ctypes

import numpy as np
import pytest

from gpu_kernels import device
from tests.gpu_kernels.emulation import Entry, LaunchFault, compiled, library_file
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.stand_in import stand

__all__ = ["stand"]

pytestmark = needs_compiler

SOURCE = """
#include "lane.h"

ENTRY(places)(Index n, double* out, Threads threads) {
    EACH(i, n, threads) { out[i] = (double)i; };
}

ENTRY(sums)(Index n, const double* values, double scale, double* out, Threads threads) {
    EACH_BLOCK(b, n, threads) { out[b] = scale * block_sum(load(values, b * GPU_BLOCK + lane(), 0), 0.0); };
}

ENTRY(half_waits)(Index n, Threads threads) {
    EACH_BLOCK(b, n, threads) {
        if (lane() < 64) SYNC();
    };
}

ENTRY(waits_apart)(Index n, Threads threads) {
    EACH_BLOCK(b, n, threads) {
        if (lane() < 64) {
            SYNC();
        } else {
            SYNC();
        }
    };
}
"""


@pytest.fixture(scope="module")
def entry(tmp_path_factory):
    source = tmp_path_factory.mktemp("source") / "tried.cu"
    source.write_text(SOURCE, encoding="utf-8")
    library = ctypes.CDLL(str(library_file(source, "tried", ("places", "sums", "half_waits", "waits_apart"))))
    return lambda name: Entry(library, name)


def at(array):
    return ("P", array.ctypes.data)


def test_every_block_of_a_grid_has_all_its_lanes(entry):
    out = np.full(300, np.nan)
    entry("places").launch(2, 128, [("q", 300), at(out), ("i", 1)])
    np.testing.assert_array_equal(out[:256], np.arange(256.0))
    assert np.isnan(out[256:]).all()


def test_lanes_share_what_they_add_up(entry):
    values, out = np.arange(3 * 128.0), np.empty(3)
    entry("sums").launch(3, 128, [("q", 3), at(values), ("d", 0.5), at(out), ("i", 1)])
    np.testing.assert_array_equal(out, 0.5 * values.reshape(3, 128).sum(axis=1))


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("half_waits", "some lanes have ended, and others wait"), ("waits_apart", "lanes wait at different barriers")],
)
def test_a_barrier_that_not_all_lanes_reach_is_reported_and_the_next_launch_is_whole(entry, name, complaint):
    with pytest.raises(LaunchFault, match=f"{name}: {complaint}"):
        entry(name).launch(1, 128, [("q", 1), ("i", 1)])
    test_lanes_share_what_they_add_up(entry)


@pytest.mark.parametrize(
    "arguments",
    [
        [("q", 1), ("P", 0)],
        [("q", 1), ("P", 0), ("i", 1), ("i", 1)],
        [("P", 0), ("q", 1), ("i", 1)],
        [("d", 1.0), ("P", 0), ("i", 1)],
    ],
    ids=["too few", "too many", "another order", "a float for an integer"],
)
def test_arguments_that_the_kernel_does_not_take_are_refused(entry, arguments):
    with pytest.raises(LaunchFault, match="places takes arguments of kinds qPi, got"):
        entry("places").launch(1, 128, arguments)


def test_a_launch_without_blocks_or_of_too_large_ones_is_refused(entry):
    arguments = [("q", 0), ("P", 0), ("i", 1)]
    with pytest.raises(LaunchFault, match="launched with 0 blocks"):
        entry("places").launch(0, 128, arguments)
    with pytest.raises(LaunchFault, match="1 to 1024 lanes"):
        entry("places").launch(1, 2048, arguments)


def test_a_name_that_no_kernel_has_is_refused():
    with pytest.raises(LaunchFault, match="no kernel is named ou_summs"):
        Entry(compiled("ou"), "ou_summs")


def test_blocks_of_another_size_than_the_kernels_compute_something_else(stand, monkeypatch):
    values = np.random.default_rng(0).normal(size=(1, 300)).cumsum(axis=1)

    def sums():
        held, found = device.stage(values), device.empty((11, 1))
        device.launch("ou", "ou_sums", device.BLOCK, (1, 300, 0, 300, held, 1e-6, 1e-28, found))
        return device.fetch(found)

    right = sums()
    monkeypatch.setattr(device, "BLOCK", 64)
    assert not np.allclose(sums(), right)
