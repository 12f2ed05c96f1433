"""The server that is fuzzed: a process of its own, whose log is read line by line and not kept."""

import contextlib
import hashlib
import json
import subprocess
import tempfile
import threading
from collections import Counter
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.faults.attacks import memory_of
from tests.faults.servers import Server
from tests.fuzz.sending import TOKENS
from tests.fuzz.verdict import REFUSALS, of_log

__all__ = ["Log", "fuzzed", "health"]

SETTINGS = {
    "CALL_LOG": "all",
    "LOG": "json",
    "LOG_LEVEL": "info",
    # Legal requests may take long or much, which is another matter: they shall be refused here.
    "MAX_WORK_IN_FLIGHT": "300000000",
    "MAX_BYTES_IN_FLIGHT": str(1 << 30),
    "MAX_MATRIX_BYTES": str(64 << 20),
    "MESSAGE_TIMEOUT_S": "20",  # the senders share the processors with the server
    "MAX_JOBS": "200",
    "MAX_RESULT_BYTES": str(64 << 20),
}

WARNINGS_ARE_ERRORS = "import warnings; warnings.simplefilter('error', RuntimeWarning)"
"""NumPy warns of each line once, on standard error: as an error each warning is an answer that names its request."""


class Log(threading.Thread):
    """Reads a server's log to its end.

    Attributes:
        lines: How many lines came.
        wrong: What was wrong with some of them.
        refused_ms: How many refused calls took so many hundredths of a millisecond, on the server's clock.
    """

    def __init__(self, stream):
        super().__init__(daemon=True)
        self._stream = stream
        self.lines, self.wrong, self.refused_ms = 0, [], Counter()
        self.start()

    def run(self):
        """Read."""
        with contextlib.suppress(ValueError):  # closed
            for line in self._stream:
                self.take(line)

    def take(self, line):
        """Look at a line."""
        self.lines += 1
        fault, fields = of_log(line)
        if fault and len(self.wrong) < 100:
            self.wrong.append(fault)
        if fields.get("code") in REFUSALS:
            self.refused_ms[round(100 * fields["ms"])] += 1

    def median_refusal_ms(self):
        """Return the median time of a refused call, None where there is none."""
        half = self.refused_ms.total() / 2
        for hundredths in sorted(self.refused_ms):
            half -= self.refused_ms[hundredths]
            if half <= 0:
                return hundredths / 100
        return None


@contextlib.contextmanager
def fuzzed(backend, *, program=WARNINGS_ARE_ERRORS):
    """Serve while the context is open; yields (server, its Log).

    Args:
        backend: What it computes with.
        program: Python source that runs first, as Server takes it.
    """
    with tempfile.TemporaryDirectory() as folder:
        tokens = Path(folder) / "tokens"
        digests = {name: hashlib.sha256(TOKENS[name].encode()).hexdigest() for name in ("one", "two")}
        tokens.write_text("".join(f"{name} sha256:{digest}\n" for name, digest in digests.items()), encoding="ascii")
        tokens.chmod(0o600)
        env = {f"MEANREV_{name}": value for name, value in SETTINGS.items()}
        words = ("--backend", backend, "--token-file", str(tokens))
        with Server(*words, env=env, stderr=subprocess.PIPE, program=program) as server:
            log = Log(server.process.stderr)
            assert server.address, json.dumps(log.wrong)
            yield server, log
            server.stop()
            log.join(30)


def health(server):
    """Return the state that a server reports, "" where it does not answer."""
    with grpc.insecure_channel(server.address) as channel, contextlib.suppress(grpc.RpcError):
        stub = health_pb2_grpc.HealthStub(channel)
        state = stub.Check(health_pb2.HealthCheckRequest(), timeout=30).status
        return health_pb2.HealthCheckResponse.ServingStatus.Name(state)
    return ""


def resident(server):
    """Return a server's resident bytes."""
    return memory_of(server.process.pid)
