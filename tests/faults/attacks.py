"""Attacks on a server, as an enemy or a broken client makes them: HTTP/2 written by hand, and floods of plain calls.

A gRPC client always reads, always finishes its messages and answers pings, so most of these need frames of our own.
Tests drive them, and a script that measures a running server can.
"""

import contextlib
import re
import socket
import struct
import threading
import time
from pathlib import Path

import psutil

__all__ = ["Connection", "data_frames", "memory_of", "peak_of", "reset_peak"]

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_INITIAL_WINDOW = 4
_FRAME = 16_384


def _frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _literal(name, value):
    """Return a header that HPACK neither compresses nor indexes."""
    parts = [b"\0"]
    for text in (name.encode(), value.encode()):
        assert len(text) < 127
        parts += [bytes([len(text)]), text]
    return b"".join(parts)


def data_frames(stream, payload):
    """Return a payload as DATA frames."""
    return b"".join(
        _frame(_DATA, 0, stream, payload[start : start + _FRAME]) for start in range(0, len(payload), _FRAME)
    )


class Connection:
    """One HTTP/2 connection that sends what it is told and answers settings and pings, unless told not to.

    Attributes:
        received: Bytes of DATA that came, by stream.
        ended: Streams that the server has ended.
        trailers: Blocks of headers that came, by stream, not decoded.
        closed: Set once the server has closed the connection.
    """

    def __init__(self, address, *, window=None, answer_pings=True):
        """Connect.

        Args:
            address: HOST:PORT.
            window: Bytes that each stream may send us; HTTP/2's default where None. Never raised later.
            answer_pings: Whether to answer pings.
        """
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), 30)
        self._socket.settimeout(None)
        self._answers_pings = answer_pings
        self._next = 1
        self._lock = threading.Lock()
        self._credit = threading.Condition()
        self._window, self._windows, self._initial = 65_535, {}, 65_535
        self.received, self.trailers = {}, {}
        self.ended = set()
        self.closed = threading.Event()
        self._may_read = threading.Event()
        self._may_read.set()
        settings = b"" if window is None else struct.pack(">HI", _INITIAL_WINDOW, window)
        self._send(_PREFACE + _frame(_SETTINGS, 0, 0, settings))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self._may_read.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._reader.join(10)

    def open(self, path, *, extra=()):
        """Send the headers of a call, and nothing else; returns its stream."""
        with self._lock:
            stream, self._next = self._next, self._next + 2
            fields = [
                (":method", "POST"),
                (":scheme", "http"),
                (":path", path),
                (":authority", "attack"),
                ("content-type", "application/grpc"),
                ("te", "trailers"),
                *extra,
            ]
            block = b"".join(_literal(name, value) for name, value in fields)
            self._windows[stream] = self._initial
            self._send(_frame(_HEADERS, _END_HEADERS, stream, block))
        return stream

    def message(self, stream, body, *, announced=None, compressed=False, end=False, patience_s=30):
        """Send a message as the server's windows allow.

        Args:
            stream: The call.
            body: The message, or what shall come of it.
            announced: Its announced length, where that differs.
            compressed: Whether to mark it as compressed.
            end: Whether to end the stream of requests.
            patience_s: Seconds to wait for the server to open its window.

        Returns:
            Bytes that could be sent.
        """
        size = len(body) if announced is None else announced
        payload = memoryview(struct.pack(">BI", compressed, size) + bytes(body))
        sent = 0
        while sent < len(payload):
            with self._credit:
                if not self._credit.wait_for(lambda: self._room(stream) > 0 or self.closed.is_set(), patience_s):
                    return sent
                if self.closed.is_set() or stream in self.ended:
                    return sent
                size = min(_FRAME, len(payload) - sent, self._room(stream))
                self._window -= size
                self._windows[stream] -= size
            try:
                self._send(_frame(_DATA, 0, stream, bytes(payload[sent : sent + size])))
            except OSError:
                return sent
            sent += size
        if end:
            self._send(_frame(_DATA, _END_STREAM, stream))
        return sent

    def reset(self, stream):
        """Cancel a call."""
        self._send(_frame(_RST_STREAM, 0, stream, struct.pack(">I", 8)))

    def widen(self):
        """Let the server send as much on the connection as HTTP/2 allows."""
        self._send(_frame(_WINDOW_UPDATE, 0, 0, struct.pack(">I", 2**31 - 1 - 65_535)))

    def stop_reading(self):
        """Leave what comes in the socket, until the end."""
        self._may_read.clear()

    def wait_ended(self, streams, patience_s=30):
        """Wait until the server has ended these streams, or closed the connection; returns how many it had ended."""
        give_up = time.monotonic() + patience_s
        while time.monotonic() < give_up and not self.closed.is_set() and not self.ended.issuperset(streams):
            time.sleep(0.02)
        return len(self.ended.intersection(streams))

    def _room(self, stream):
        return 1 if stream in self.ended else min(self._window, self._windows[stream])

    def _send(self, data):
        self._socket.sendall(data)

    def _read(self):
        buffered = self._socket.makefile("rb", buffering=1 << 20)
        try:
            while self._may_read.wait() and len(head := buffered.read(9)) == 9:
                size = int.from_bytes(head[:3], "big")
                kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFFFFFF
                self._take(kind, flags, stream, buffered.read(size))
        except (OSError, ValueError):
            pass
        finally:
            self.closed.set()
            with self._credit:
                self._credit.notify_all()

    def _take(self, kind, flags, stream, payload):
        with self._credit:
            if kind == _DATA:
                self.received[stream] = self.received.get(stream, 0) + len(payload)
            elif kind == _HEADERS:
                self.trailers[stream] = self.trailers.get(stream, b"") + payload
            elif kind == _WINDOW_UPDATE:
                self._grant(stream, int.from_bytes(payload, "big"))
            elif kind == _SETTINGS and not flags & _ACK:
                self._adjust(payload)
                self._send(_frame(_SETTINGS, _ACK, 0))
            elif kind == _PING and not flags & _ACK and self._answers_pings:
                self._send(_frame(_PING, _ACK, 0, payload))
            if kind == _RST_STREAM or (kind in {_DATA, _HEADERS} and flags & _END_STREAM):
                self.ended.add(stream)
            self._credit.notify_all()

    def _grant(self, stream, size):
        if stream:
            self._windows[stream] = self._windows.get(stream, self._initial) + size
        else:
            self._window += size

    def _adjust(self, payload):
        for place in range(0, len(payload), 6):
            name, value = struct.unpack_from(">HI", payload, place)
            if name == _INITIAL_WINDOW:
                for stream in self._windows:
                    self._windows[stream] += value - self._initial
                self._initial = value


def memory_of(pid):
    """Return the resident bytes of a process."""
    return psutil.Process(pid).memory_info().rss


def peak_of(pid):
    """Return the most resident bytes that a process has had since its peak was reset."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return 1024 * int(re.search(r"VmHWM:\s+(\d+)", status)[1])


def reset_peak(pid):
    """Let the peak of a process begin anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
