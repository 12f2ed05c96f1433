"""Sends random requests, many at a time, and judges the answers; each process sends blocks of them."""

import asyncio
import contextlib
import time
from collections import Counter
from dataclasses import dataclass, field

import grpc
import uvloop

from tests.fuzz.made import asked
from tests.fuzz.verdict import Answer, of_answer

__all__ = ["TOKENS", "Tally", "block"]

TOKENS = {"one": "t-" + "1" * 40, "two": "t-" + "2" * 40, "wrong": "t-" + "3" * 40}
_PATIENCE_S = 120.0
_CHANNELS = 4
_OPTIONS = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1))
_ENDED = (grpc.aio.AioRpcError, grpc.aio.InternalError, asyncio.InvalidStateError)


@dataclass
class Tally:
    """What became of some requests.

    Attributes:
        calls: Numbers of calls by (method, kind, code).
        wrong: By a fault's short form: how often it was found, and (number of a request, what was wrong) of the first.
    """

    calls: Counter = field(default_factory=Counter)
    wrong: dict = field(default_factory=dict)

    def add(self, request, answer):
        """Count an answer, and judge it."""
        self.calls[request.method, request.kind, answer.code] += 1
        if fault := of_answer(request, answer):
            self.note(f"{request.method} {fault[:60]}", request.number, fault)

    def note(self, short, number, fault, times=1):
        """Count a fault."""
        count, *first = self.wrong.get(short, (0, number, fault))
        self.wrong[short] = (count + times, *first)

    def join(self, other):
        """Add those of another."""
        self.calls.update(other.calls)
        for short, (times, number, fault) in other.wrong.items():
            self.note(short, number, fault, times)


class Sender:
    """Sends requests over a few connections."""

    def __init__(self, address):
        self._channels = [grpc.aio.insecure_channel(address, options=_OPTIONS) for _ in range(_CHANNELS)]
        self._callables = {}
        self._jobs = ["0" * 64]

    async def close(self):
        """Close the connections."""
        for channel in self._channels:
            await channel.close()

    async def answer(self, request):
        """Send a request; returns its Answer."""
        metadata = [] if request.token == "none" else [("authorization", f"Bearer {TOKENS[request.token]}")]
        timeout = _PATIENCE_S if request.deadline_s is None else request.deadline_s
        if request.known_job and request.sent:
            request.sent[0] = b"\n\x40" + self._jobs[request.number % len(self._jobs)].encode()
        began, make = time.perf_counter(), self._callable(request)
        first = request.sent[:1] if request.one else ()
        call = make(*first, timeout=timeout, metadata=metadata)
        try:
            async with asyncio.timeout(request.leaves_s):
                left = not request.one and await self._stream(call, request)
                code = None if left else await call.code()
        except TimeoutError:
            code = None
        seconds = time.perf_counter() - began
        if code is None:
            call.cancel()  # the client does not wait for what gRPC says then
            return Answer("CANCELLED", "", seconds)
        said = f"{await call.details() or ''}"
        if code is not grpc.StatusCode.OK:
            trailing = await call.trailing_metadata() or ()
            said += "".join(f" {value}" for key, value in trailing if key == "meanrev-error")
        return Answer(code.name, said, seconds)

    def _callable(self, request):
        number = request.number % _CHANNELS
        key = number, request.path, request.one
        if key not in self._callables:
            channel = self._channels[number]
            self._callables[key] = (channel.unary_unary if request.one else channel.stream_stream)(request.path)
        return self._callables[key]

    async def _stream(self, call, request):
        """Send and read messages; returns whether the client has left."""
        reading = None if request.late else asyncio.ensure_future(self._read(call, request))
        try:
            with contextlib.suppress(*_ENDED):
                for message in request.sent:
                    await _write(call, message)
                if request.closes:
                    await call.done_writing()
            return await (reading or self._read(call, request))
        finally:
            if reading is not None:
                reading.cancel()

    async def _read(self, call, request):
        taken = 0
        with contextlib.suppress(*_ENDED):
            while request.takes is None or taken < request.takes:
                reply = await call.read()
                if reply is grpc.aio.EOF:
                    return False
                taken += 1
                if request.method == "SubmitJob" and len(reply) > 66:
                    self._jobs = [reply[2:66].decode("ascii", "replace"), *self._jobs[:15]]
            return True
        return False


async def _write(call, message):
    """Write a message; gRPC's own function hides the server's status where the server has ended the call meanwhile."""
    await call._metadata_sent.wait()
    if not call.done():
        await call._cython_call.send_serialized_message(message)


async def _sent(address, seed, first, count, in_flight):
    tally, numbers, sender = Tally(), iter(range(first, first + count)), Sender(address)

    async def work():
        for number in numbers:
            request = asked(seed, number)
            tally.add(request, await sender.answer(request))

    try:
        await asyncio.gather(*(work() for _ in range(min(in_flight, count))))
    finally:
        await sender.close()
    return tally


_runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)


def block(address, seed, first, count, in_flight=32):
    """Send the requests of some numbers; returns their Tally. gRPC wants one event loop a process, which this keeps.

    Args:
        address: Of the server, which knows TOKENS.
        seed: Of all requests.
        first: Number of the first one.
        count: How many follow each other.
        in_flight: How many are sent at a time.
    """
    return _runner.run(_sent(address, seed, first, count, in_flight))
