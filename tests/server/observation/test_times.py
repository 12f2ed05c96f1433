"""A record has the times of its call's computations, also of those that never began."""

import asyncio
import threading
import time

import pytest

from gpu_kernels.dispatch import Selection
from meanrev_server.errors import Expired, LimitReached
from meanrev_server.launcher import Launcher
from meanrev_server.records import CallRecord
from meanrev_wire import codec, meanrev_pb2


def launched(work):
    launcher = Launcher(1, Selection("numpy", 1))
    try:
        return asyncio.run(work(launcher))
    finally:
        launcher.close()


def encoding():
    time.sleep(0.02)
    return codec.encode(meanrev_pb2.ReturnsRequest, prices=[1.0] * 1000)


def test_waiting_computing_and_serialising_are_told_apart():
    first, second = CallRecord(phases=[]), CallRecord(phases=[])

    async def work(launcher):
        await asyncio.gather(*(launcher.submit(encoding, record=record) for record in (first, second)))

    launched(work)
    for record in (first, second):
        assert record.computed_s >= 0.02
        assert 0 < record.encoded_s < record.computed_s
        assert [phase.name for phase in record.phases] == ["queue", "compute", "encode"]
        assert sum(phase.ended - phase.began for phase in record.phases if phase.name == "queue") == pytest.approx(
            record.queued_s
        )
    assert second.queued_s >= 0.02  # there is one thread


def test_items_of_a_batch_have_its_whole_time():
    records = [CallRecord() for _ in range(3)]
    go = threading.Event()

    def together(_, items):
        time.sleep(0.02)
        return list(items)

    async def work(launcher):
        held = asyncio.ensure_future(launcher.submit(go.wait))
        await asyncio.sleep(0)
        answers = [launcher.batched(together, "key", 1, record=record) for record in records]
        waiting = asyncio.gather(*answers)
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(held, waiting)
        return launcher.counts.sizes

    assert launched(work)[3] == 1
    assert len({record.computed_s for record in records}) == 1


def test_an_expired_computation_has_waited():
    record, go = CallRecord(), threading.Event()

    async def work(launcher):
        held = asyncio.ensure_future(launcher.submit(go.wait))
        await asyncio.sleep(0)
        late = asyncio.ensure_future(launcher.submit(encoding, deadline=time.monotonic() + 0.02, record=record))
        await asyncio.sleep(0.05)
        go.set()
        await held
        with pytest.raises(Expired):
            await late

    launched(work)
    assert record.queued_s >= 0.02
    assert record.computed_s == 0


@pytest.mark.parametrize(
    ("message", "setting"),
    [
        ("4 jobs are at work; max_jobs (MEANREV_MAX_JOBS) raises it", "max_jobs"),
        ("at most 9 portfolios can be stored; put them under fewer ids", ""),
    ],
)
def test_a_limit_has_the_setting_that_its_message_names(message, setting):
    assert LimitReached(message).setting == setting


def test_only_so_many_phases_of_a_stream_are_kept():
    record = CallRecord(phases=[])
    for _ in range(1000):
        record.note_phase("decode", 0.0, 1.0)
    assert len(record.phases) == 256
