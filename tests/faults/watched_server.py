"""A server in a process of its own, whose memory and event loop a test can watch."""

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
import time

import uvloop

from tests.faults.attacks import memory_of, peak_of, reset_peak

__all__ = ["Server", "eventually"]

_PROBE_S = 0.002


def eventually(condition, patience_s=30):
    """Wait until a condition holds; returns whether it did."""
    give_up = time.monotonic() + patience_s
    while time.monotonic() < give_up:
        if condition():
            return True
        time.sleep(0.02)
    return False


class Server:
    """Serves while the context is open.

    Attributes:
        address: Where it listens.
    """

    def __init__(self, *, before="", **settings):
        """Keep the settings.

        Args:
            before: Python that the process runs first, which may take a defence away.
            **settings: Of the server.
        """
        given = json.dumps({"listen": "127.0.0.1:0", "backend": "numpy", **settings})
        self._command = [sys.executable, "-m", "tests.faults.watched_server", given, before]

    def __enter__(self):
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.address = self._process.stdout.readline().strip()
        assert self.address, "the server did not start"
        return self

    def __exit__(self, *exc):
        self._process.stdin.close()
        try:
            self._process.wait(30)
        finally:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()

    @property
    def pid(self):
        """The number of its process."""
        return self._process.pid

    def ask(self, question):
        """Ask a question.

        Args:
            question: "lag" is the longest time that its event loop was late since the last such question, "held" the
                longest that the loop's thread computed in one go, whatever else the machine did, "busy" the number of
                busy compute threads, and "load" what is in flight.
        """
        self._process.stdin.write(question + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def memory(self):
        """Return its resident bytes."""
        return memory_of(self.pid)

    @contextlib.contextmanager
    def growth(self):
        """Measure by how many bytes its memory grows at most while the context is open; yields a list that gets it."""
        before, grown = self.memory(), []
        reset_peak(self.pid)
        yield grown
        grown.append(peak_of(self.pid) - before)


def _say(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _parts(load):
    return load.calls, load.nbytes, load.work, load.reply_bytes


async def _serve(settings):
    from meanrev_server.app import App
    from meanrev_server.compute_backend import spare_the_loop
    from meanrev_server.config import Settings
    from meanrev_server.rpc.exchange import Desk

    desks, opened, lags, held = set(), Desk.open, [0.0], [0.0]

    def remembered(self, *args):
        desks.add(self)
        return opened(self, *args)

    setattr(Desk, "open", remembered)  # noqa: B010 - a type checker would see an assignment to a method
    app = App(Settings(**settings))
    spare_the_loop()
    _say(await app.start())
    loop, asked = asyncio.get_running_loop(), asyncio.Queue()

    def listen():
        for line in sys.stdin:
            loop.call_soon_threadsafe(asked.put_nowait, line.strip())
        loop.call_soon_threadsafe(asked.put_nowait, None)

    async def probe():
        while True:
            began, computed = time.monotonic(), time.thread_time()
            await asyncio.sleep(_PROBE_S)
            lags.append(time.monotonic() - began - _PROBE_S)
            held.append(time.thread_time() - computed)

    threading.Thread(target=listen, daemon=True).start()
    probing = asyncio.create_task(probe())
    while (question := await asked.get()) is not None:
        if question in {"lag", "held"}:
            asked_for = lags if question == "lag" else held
            _say(json.dumps(max(asked_for)))
            asked_for[:] = [0.0]
        elif question == "busy":
            _say(app.call.launcher.load.busy)
        else:
            loads = [desk._admission.load for desk in desks]
            _say(json.dumps([sum(part) for part in zip(*map(_parts, loads), strict=True)] or [0] * 4))
    probing.cancel()
    await app.stop(0.2)


if __name__ == "__main__":
    exec(sys.argv[2])  # a test takes a defence away, to see that its attack is one
    uvloop.run(_serve(json.loads(sys.argv[1])))
