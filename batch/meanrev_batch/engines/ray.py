"""Chunks as tasks of a Ray cluster, or of one that is started on this machine for the run.

The driver is the only one that writes, and decides itself which chunk begins again: Ray retries nothing. The matrix is
put into the object store once. Before the first chunk, one task a node compares its code with the driver's, because ids
say what computed a chunk, and lets the kernels be compiled there.
"""

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gpu_kernels import backend
from meanrev_batch import matrix
from meanrev_batch.engines import Stop
from meanrev_batch.engines.execution import performed
from meanrev_batch.engines.process import ENVIRONMENT
from meanrev_batch.errors import NoDevice, NoEngine
from meanrev_batch.identity import maths
from meanrev_batch.model import Chunk, Floats, Job, Outcome
from meanrev_batch.supervise import Docket
from meanrev_worker import blas

__all__ = ["Ray"]

_CONNECT_S = 3.0
"""Seconds in which the head's port must answer; ray.init itself waits for minutes."""

_GRACE_S = 10.0
"""As of the local engine."""

_GLANCE_S = 0.1
_AHEAD = 2
"""Chunks that are handed to Ray for each that it computes, so that no worker waits for the driver."""


class Ray:
    """See engines.Engine. Until it is closed, prints to stdout go to stderr: Ray prints its warnings there."""

    separate = True

    def __init__(self, workers: int | None, address: str, gpus: int) -> None:
        """Connect to a cluster, or start one on this machine.

        Args:
            workers: Chunks at a time; None for the CPUs of the cluster, or of this machine.
            address: HOST:PORT of the head; "" to start a cluster.
            gpus: GPUs to compute with, one a chunk; 0 for CPUs.

        Raises:
            NoEngine: Ray is not installed, or the cluster does not answer.
            NoDevice: it has fewer GPUs.
        """
        if address:
            _reach(address)
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        try:
            import ray  # noqa: PLC0415 - the extra [ray] may not be installed
        except ModuleNotFoundError:
            advice = "which the extra [ray] brings: pip install '.[ray]' in a checkout of meanrev"
            raise NoEngine(f"engine ray needs the package ray, {advice}") from None
        self._ray: Any = ray
        self.retried, self._gpus, self._checked = 0, gpus, False
        self._matrix: dict[str, Any] = {}
        self._streams = contextlib.ExitStack()
        _started(ray, workers, address, gpus)
        self._streams.enter_context(contextlib.redirect_stdout(sys.stderr))
        try:
            has = ray.cluster_resources()
            _check_gpus(gpus, has.get("GPU", 0))
            self.slots = gpus or min(workers or sys.maxsize, max(1, int(has.get("CPU", 1))))
            needs = {"num_cpus": 0 if gpus else 1, "num_gpus": 1 if gpus else 0, "max_retries": 0}
            self._perform = ray.remote(**needs)(_performed)
            self._compare = ray.remote(num_cpus=0, num_gpus=needs["num_gpus"], max_retries=0)(_compared)
        except BaseException:
            self.close()
            raise

    def run(self, job: Job, chunks: Sequence[Chunk], stop: Stop) -> Iterator[Outcome]:
        """Yield what becomes of chunks, as they end."""
        ray = self._ray
        self._prepare(job)
        docket, pending, since = Docket(chunks), dict[Any, Chunk](), 0.0
        while docket or pending:
            while not stop.asked and docket and len(pending) < _AHEAD * self.slots:
                chunk = docket.take()
                assert chunk is not None  # noqa: S101 - the docket is not empty
                pending[self._perform.remote(job, self._matrix[job.matrix], chunk)] = chunk
            if stop.asked and _over(stop, since := since or time.monotonic(), pending):
                for reference in pending:
                    ray.cancel(reference, force=True)
                return
            ready, _ = ray.wait(list(pending), num_returns=1, timeout=_GLANCE_S)
            for reference in ready:
                outcome = self._outcome(reference, pending.pop(reference), docket)
                if outcome is not None:
                    yield outcome

    def close(self) -> None:
        """Leave the cluster, or end the one that was started."""
        with self._streams:
            self._ray.shutdown()

    def _prepare(self, job: Job) -> None:
        """Put the matrix where all nodes read it, and compare the code of the nodes with this one."""
        ray = self._ray
        if job.matrix not in self._matrix:
            prices = np.asarray(matrix.opened(job.matrix))
            room = ray.cluster_resources().get("object_store_memory", 0)
            if prices.nbytes > room:
                rule = f"the prices take {prices.nbytes / 1e6:,.0f} MB, and the object store has {room / 1e6:,.0f} MB"
                raise NoEngine(f"{rule}; start the cluster with a larger --object-store-memory")
            self._matrix[job.matrix] = ray.put(prices)
        if self._checked:
            return
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as On  # noqa: PLC0415 - as ray

        kind = "GPU" if self._gpus else "CPU"
        nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get(kind)]
        checks = {
            self._compare.options(scheduling_strategy=On(node["NodeID"], soft=False)).remote(job.backend): node
            for node in nodes
        }
        for reference, node in checks.items():
            theirs = self._answered(reference, node["NodeManagerHostname"])
            if theirs != (maths(), np.__version__):
                rule = "computes with another meanrev or NumPy than this machine, so that its chunks would differ"
                raise NoEngine(f"node {node['NodeManagerHostname']} {rule}; install the same ones there")
        self._checked = True

    def _answered(self, reference: Any, node: str) -> Any:
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            raise NoEngine(f"node {node} cannot compute: {_first_line(error)}") from None

    def _outcome(self, reference: Any, chunk: Chunk, docket: Docket) -> Outcome | None:
        """Return the outcome of a chunk; None where it begins again, because its worker or its node ended."""
        try:
            outcome: Outcome = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:  # what it raised outside the work, such as at unpickling
            return Outcome(chunk, "failed", reason=_first_line(error), attempts=docket.attempts(chunk))
        except self._ray.exceptions.RayError as error:
            if docket.lost(chunk):
                self.retried += 1
                return None
            reason = f"two workers ended while they computed it, the last by {type(error).__name__}"
            return Outcome(chunk, "poison", reason=reason, attempts=docket.attempts(chunk) - 1)
        return outcome._replace(chunk=chunk, attempts=docket.attempts(chunk))


def _performed(job: Job, prices: Floats, chunk: Chunk) -> Outcome:
    """Compute a chunk in a worker of Ray."""
    blas.limit(1)
    return performed(job, prices, chunk)._replace(node=socket.gethostname())


def _compared(computes: str) -> tuple[str, str]:
    """Return what decides on the bits of a node, once its kernels are compiled."""
    if not backend.usable(computes):
        raise RuntimeError(f"the kernels for {computes} cannot be used on {socket.gethostname()}")
    return maths(), np.__version__


def _check_gpus(asked: int, there: float) -> None:
    if asked > there:
        raise NoDevice(f"the cluster has {there:.0f} GPUs, and --gpus asks for {asked}")


def _over(stop: Stop, since: float, pending: dict[Any, Chunk]) -> bool:
    """Return whether nothing is to be waited for any more."""
    return not pending or stop.asked > 1 or time.monotonic() - since >= _GRACE_S


def _reach(address: str) -> None:
    """Open the head's port.

    Raises:
        NoEngine: it does not answer.
    """
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_S).close()
    except (OSError, ValueError, OverflowError) as error:
        raise NoEngine(f"no Ray cluster answers at {address} ({error}); --address is HOST:PORT of its head") from None


def _started(ray: Any, workers: int | None, address: str, gpus: int) -> None:
    """Start or join a cluster, and leave the handlers of signals as they are."""
    variables = dict(ENVIRONMENT)
    given: dict[str, Any] = {"address": address}
    if not address:
        variables["PYTHONPATH"] = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)  # noqa: PTH100 - as short
        cpus = workers or len(os.sched_getaffinity(0))
        given = {"address": "local", "num_cpus": cpus, "include_dashboard": False}
        if not gpus:
            given["num_gpus"] = 0
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        ray.init(**given, log_to_driver=False, logging_level="ERROR", runtime_env={"env_vars": variables})
    except (Exception, SystemExit) as error:  # noqa: BLE001 - Ray raises many kinds, and exits where the head is gone
        raise NoEngine(f"Ray cannot be used: {_first_line(error)}") from None
    finally:
        with contextlib.suppress(ValueError):  # handlers are set in the main thread alone
            for number, handler in handlers.items():
                signal.signal(number, handler)


def _first_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"
