"""Times of kernels and copies by CUDA's events, and of whole requests by the clock.

An event is reached when the device gets to it. Launches are therefore queued behind a long copy: by the time the device
begins with them, Python has submitted them all, and the time between two events is the device's own. The copy empties
the caches too, and inputs are taken in turn, so that each launch reads its own from the device's memory.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from bench.gpu.rows import Sizes
from gpu_kernels import device, device_pipeline, dispatch

__all__ = ["between_events", "crossing", "device_rate", "kernel_seconds", "on", "one_part", "pinned", "wall"]


class Launch(NamedTuple):
    """What device.launch was called with."""

    kernel: str
    entry: str
    items: int
    arguments: tuple[Any, ...]


def wall(run: Callable[[], object], rounds: int) -> float:
    """Return the median of seconds by the clock, warm."""
    run()
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def on(backend: str, run: Callable[[], object], threads: int = 1) -> Callable[[], object]:
    """Return the same run on a backend."""

    def chosen() -> object:
        with dispatch.using(backend, threads):
            return run()

    return chosen


@contextmanager
def one_part(count: int = 1) -> Iterator[None]:
    """Cut every request into so many parts."""
    plain, device_pipeline.parts = device_pipeline.parts, lambda n_items, nbytes, lanes: min(count, n_items)  # noqa: ARG005
    try:
        yield
    finally:
        device_pipeline.parts = plain


def between_events(run: Callable[[], object], sizes: Sizes) -> float:
    """Return the median of seconds that the device takes for what a function submits to the current stream."""
    cuda = device.arrays().cuda
    held, taken = device.empty((max(1, sizes.busy // 8),)), []
    run()
    for _ in range(sizes.rounds):
        begin, end = cuda.Event(), cuda.Event()
        busy = held.copy()
        begin.record()
        run()
        end.record()
        end.synchronize()
        del busy
        taken.append(cuda.get_elapsed_time(begin, end) / 1e3)
    return statistics.median(taken)


def kernel_seconds(runs: Sequence[Callable[[], object]], sizes: Sizes) -> dict[str, float]:
    """Return the seconds of each kernel in a request, all its launches together.

    Args:
        runs: The same request with different inputs, which launches take in turn.
        sizes: How often, and behind what.
    """
    with one_part():
        variants = [_recorded(on("cuda", run)) for run in runs]
    found = {}
    for entry in dict.fromkeys(each.entry for each in variants[0]):
        turns = [[each for each in variant if each.entry == entry] for variant in variants]

        def replay(turns: list[list[Launch]] = turns) -> None:
            for turn in range(sizes.launches):
                for each in turns[turn % len(turns)]:
                    device.launch(*each)

        found[entry] = between_events(replay, sizes) / sizes.launches
    return found


def _recorded(run: Callable[[], object]) -> list[Launch]:
    """Return the launches of a request, whose arrays stay on the device with them."""
    plain, kept = device.launch, list[Launch]()

    def keep(kernel: str, entry: str, items: int, arguments: Sequence[Any]) -> None:
        kept.append(Launch(kernel, entry, items, tuple(arguments)))
        plain(kernel, entry, items, arguments)

    device.launch = keep
    try:
        run()
    finally:
        device.launch = plain
    device.arrays().cuda.get_current_stream().synchronize()
    return kept


def device_rate(sizes: Sizes) -> float:
    """Return the bytes a second that a copy on the device reads and writes."""
    held = device.empty((max(1, sizes.moved // 8),))
    return 2 * held.nbytes / between_events(held.copy, sizes)


def pinned(nbytes: int) -> np.ndarray:
    """Return an array in page-locked memory."""
    return np.frombuffer(device.arrays().cuda.alloc_pinned_memory(nbytes), np.float64, nbytes // 8)


def crossing(up: int, down: int, sizes: Sizes) -> float:
    """Return the seconds of bytes from page-locked memory to the device, and of others back after them."""
    cupy = device.arrays()
    stream = cupy.cuda.get_current_stream()
    sent, received = pinned(8 * max(1, up // 8)), pinned(8 * max(1, down // 8))
    sent[:] = 1.0
    there, back = device.empty(sent.shape), device.stage(np.ones(received.shape))

    def both() -> None:
        if up:
            there.set(sent, stream=stream)
        if down:
            cupy.asnumpy(back, out=received, blocking=False)

    return between_events(both, sizes)
