"""Large requests on a GPU in parts, so that copies and kernels overlap, and in smaller ones where memory is short."""

from collections import deque
from collections.abc import Callable, Sequence
from threading import local
from typing import Any, NamedTuple

from gpu_kernels import device, interruption
from gpu_kernels.checks import Floats
from gpu_kernels.errors import OutOfMemory

__all__ = ["in_parts", "parts"]

_PART_BYTES = 8 * 2**20
"""Fewest bytes of a part: copying so many takes several times as long as starting a copy."""

_PART_LANES = 2**16
"""Fewest lanes of a part: a kernel with fewer leaves most of the device idle, and takes as long as one with so many."""

_AHEAD = 4
"""Parts that a device has been given and has not finished, at most: so many keep it busy, and are soon over where the
computation is interrupted, or where another one has work for the device."""

_own = local()


class _Copy(NamedTuple):
    """A part's results on their way to the host.

    Attributes:
        first: The part's first item.
        values: Where they go.
    """

    first: int
    values: Floats


def parts(n_items: int, nbytes: int, lanes: int) -> int:
    """Return the number of parts of a request, each of which is large enough to fill the device.

    Args:
        n_items: What can be parted.
        nbytes: Bytes that go up and come down.
        lanes: Threads of the kernel.
    """
    return max(1, min(n_items, nbytes // _PART_BYTES, lanes // _PART_LANES))


def in_parts(n_items: int, n_parts: int, run: Callable[[slice], Any]) -> list[Floats]:
    """Run a request in parts, on two streams in turn: while one part computes, others go up and come down.

    What the thread has staged before may be used in every part. Where memory is short, the parts under way end first,
    and then halves are tried.

    Args:
        n_items: Items in all.
        n_parts: Parts of nearly equal size.
        run: Stages and launches the items of a slice, and returns the device array with their results.

    Returns:
        The results in the order of the items, a part each, in page-locked memory.

    Raises:
        Interrupted: the computation was interrupted; the parts under way have ended.
        OutOfMemory: one item alone does not fit.
        DeviceFault: the GPU does not answer.
    """
    streams, begun = _in_turn(), deque[Any]()
    waiting = deque(slice(n_items * part // n_parts, n_items * (part + 1) // n_parts) for part in range(n_parts))
    copies: list[_Copy] = []
    under_way = 0
    try:
        while waiting:
            interruption.check()
            if len(begun) == _AHEAD:
                with device.answering():
                    begun.popleft().synchronize()
            part, stream = waiting.popleft(), streams[len(copies) % 2]
            try:
                with stream, device.within_memory():
                    copies.append(_Copy(part.start, device.download(run(part))))
                    begun.append(stream.record())
                under_way += 1
                continue
            except OutOfMemory:
                if not under_way and part.stop - part.start <= 1:
                    raise
            # Behind the handler, because the error's frames would keep what the part had staged.
            _wait(streams)
            device.release()
            waiting.extendleft([part] if under_way else _halves(part))
            under_way = 0
    finally:
        # Memory that is released while a copy still writes to it would be allocated again.
        _wait(streams)
    return [copy.values for copy in sorted(copies, key=lambda copy: copy.first)]


def _halves(part: slice) -> tuple[slice, slice]:
    """Return the halves of a part, the second one first."""
    middle = (part.start + part.stop) // 2
    return slice(middle, part.stop), slice(part.start, middle)


def _in_turn() -> tuple[Any, Any]:
    """Return this thread's two streams, which begin behind what its current one has been given so far."""
    cuda = device.arrays().cuda
    if not hasattr(_own, "streams"):
        _own.streams = cuda.Stream(non_blocking=True), cuda.Stream(non_blocking=True)
    begun = cuda.get_current_stream().record()
    for stream in _own.streams:
        stream.wait_event(begun)
    streams: tuple[Any, Any] = _own.streams
    return streams


def _wait(streams: Sequence[Any]) -> None:
    for stream in streams:
        with device.answering():
            stream.synchronize()
