"""Reads of a call's next message, also where the task that awaits them is cancelled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from meanrev_server.rpc.reading import NextMessage

if TYPE_CHECKING:
    from collections.abc import Callable


class Call:
    """A call whose reads wait for futures, one after another, and note how they ended."""

    def __init__(self, *futures: asyncio.Future[bytes]) -> None:
        self.futures = futures
        self.ended: list[str] = []

    async def read(self) -> bytes:
        """Return the bytes of all futures."""
        data = b""
        try:
            for future in self.futures:
                data += await future
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        except Exception:
            self.ended.append("failed")
            raise
        self.ended.append("read")
        return data


def _read(call: Any) -> asyncio.Task[Any]:
    async def read() -> object:
        return await NextMessage(call)

    return asyncio.ensure_future(read())


async def _turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def _futures(n: int) -> list[asyncio.Future[bytes]]:
    return [asyncio.get_running_loop().create_future() for _ in range(n)]


@pytest.mark.asyncio
async def test_a_message_is_returned_whole() -> None:
    first, second = _futures(2)
    reading = _read(Call(first, second))
    await _turns()
    first.set_result(b"ab")
    await _turns()
    assert not reading.done()
    second.set_result(b"cd")
    assert await reading == b"abcd"


@pytest.mark.asyncio
async def test_a_message_that_is_there_needs_no_turn_of_the_loop() -> None:
    assert await NextMessage(Call()) == b""


@pytest.mark.asyncio
async def test_the_reads_own_error_is_raised() -> None:
    (future,) = _futures(1)
    call = Call(future)
    reading = _read(call)
    await _turns()
    future.set_exception(ValueError("torn"))
    with pytest.raises(ValueError, match="torn"):
        await reading
    assert call.ended == ["failed"]


@pytest.mark.asyncio
async def test_a_read_that_is_cancelled_itself_ends_its_task() -> None:
    (future,) = _futures(1)
    call = Call(future)
    reading = _read(call)
    await _turns()
    future.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert call.ended == ["cancelled"]


@pytest.mark.asyncio
@pytest.mark.parametrize("cancels", [1, 2])
@pytest.mark.parametrize(
    ("end", "ended"),
    [
        (lambda future: future.set_result(b"late"), "read"),
        (lambda future: future.set_exception(ValueError("gone")), "failed"),
        (lambda future: future.cancel(), "cancelled"),
    ],
    ids=["message", "error", "cancellation"],
)
async def test_the_read_of_a_cancelled_task_comes_to_its_end(
    end: Callable[[asyncio.Future[bytes]], object], ended: str, cancels: int
) -> None:
    first, second = _futures(2)
    call = Call(first, second)
    reading = _read(call)
    await _turns()
    first.set_result(b"a")
    await _turns()
    for _ in range(cancels):
        reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not call.ended, "a cancelled task must not cancel what its read waits for"
    end(second)
    await _turns()
    assert call.ended == [ended]


@pytest.mark.asyncio
async def test_a_task_that_is_cancelled_in_the_turn_of_its_message_still_ends_the_read() -> None:
    (future,) = _futures(1)
    call = Call(future)
    reading = _read(call)
    await _turns()
    future.set_result(b"just now")
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await _turns()
    assert call.ended == ["read"]
