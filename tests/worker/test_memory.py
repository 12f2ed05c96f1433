"""What one side writes, the other reads, however often and of whatever size."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meanrev_worker.memory import SharedMemory


@given(st.lists(st.lists(st.integers(0, 200_000), max_size=5), min_size=1, max_size=6))
def test_the_other_side_reads_what_was_written(messages):
    writer = SharedMemory()
    reader = SharedMemory(os.dup(writer.number))
    for number, sizes in enumerate(messages):
        buffers = [memoryview(bytes([number + place]) * size) for place, size in enumerate(sizes)]
        writer.write(buffers)
        assert [bytes(view) for view in reader.read(sizes)] == [bytes(buffer) for buffer in buffers]
    writer.close()
    reader.close()


def test_what_is_read_cannot_be_changed_and_begins_at_a_cache_line():
    memory = SharedMemory()
    memory.write([memoryview(b"abc"), memoryview(b"defg")])
    first, second = memory.read([3, 4])
    with pytest.raises(TypeError, match="read-only"):
        first[0] = 1
    assert bytes(memory.read([64 + 4])[0][64:]) == bytes(second)
    memory.close()


def test_large_memory_is_given_back_and_used_again():
    memory = SharedMemory()
    large = memoryview(bytes(range(256)) * (300 * 1024))
    for _ in range(2):
        memory.write([large])
        assert os.fstat(memory.number).st_size >= large.nbytes
        memory.trim()
        assert os.fstat(memory.number).st_size == 0
    memory.write([memoryview(b"small")])
    memory.trim()
    assert bytes(memory.read([5])[0]) == b"small"
    memory.close()


def test_it_has_no_name_that_could_be_left_behind():
    before = set(Path("/dev/shm").iterdir())
    memory = SharedMemory()
    memory.write([memoryview(bytes(100))])
    assert set(Path("/dev/shm").iterdir()) <= before
    memory.close()
