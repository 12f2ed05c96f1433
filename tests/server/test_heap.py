"""Memory that is free after a burst goes back to the operating system."""

import ctypes
import threading

import psutil
import pytest

from meanrev_server import heap
from tests.server.serving import serving

PATIENCE_S = 30
PIECES, PIECE_BYTES, KEPT_EACH = 40_000, 2_000, 50

needs_glibc = pytest.mark.skipif(heap._trim() is None, reason="needs glibc, whose free memory is given back")


@pytest.fixture
def scattered():
    """Free memory between pieces that are still used, as a burst of calls leaves it."""
    library = ctypes.CDLL(None)
    library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    library.free.argtypes = [ctypes.c_void_p]
    pieces = [library.malloc(PIECE_BYTES) for _ in range(PIECES)]
    for piece in pieces:
        ctypes.memset(piece, 1, PIECE_BYTES)
    used = pieces[::KEPT_EACH]
    for number, piece in enumerate(pieces):
        if number % KEPT_EACH:
            library.free(piece)
    yield
    for piece in used:
        library.free(piece)


@needs_glibc
@pytest.mark.usefixtures("scattered")
def test_a_server_gives_free_memory_back(monkeypatch):
    before, given = psutil.Process().memory_info().rss, threading.Event()
    trim = heap._trim()

    def trimmed(pad):
        found = trim(pad)
        given.set()
        return found

    monkeypatch.setattr(heap, "INTERVAL_S", 0.01)
    monkeypatch.setattr(heap, "_trim", lambda: trimmed)
    with serving(backend="numpy"):
        assert given.wait(PATIENCE_S)
        after = psutil.Process().memory_info().rss
    assert after < before - PIECES * PIECE_BYTES // 3


async def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(heap, "_trim", lambda: None)
    assert await heap.give_back() is None
