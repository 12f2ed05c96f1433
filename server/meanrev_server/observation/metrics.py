"""The metrics that Prometheus reads. docs/operating.md lists them.

Each is read from the parts of the server when Prometheus asks. Label values come from fixed sets: the methods of our
schema, names of gRPC statuses, words of rpc.status.REASONS, names of settings. So no caller can make a metric grow.
"""

import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

import psutil  # type: ignore[import-untyped] # it ships no types
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from meanrev_server import installed
from meanrev_server.capacity import LIMITS
from meanrev_server.observation.families import counted, gauges
from meanrev_server.observation.gpus import Gpu
from meanrev_server.observation.kept import KeptCollector
from meanrev_server.observation.loop_lag import LoopLag
from meanrev_server.observation.parts import Parts
from meanrev_server.observation.tallies import CallTallies, Histogram, MethodTally, cumulated
from meanrev_server.records import UNKNOWN

__all__ = ["registry_of"]

_HELD = {part: setting for part, setting, _ in LIMITS}
_STORED = ("max_state_bytes", "max_jobs", "max_result_bytes", "kept_matrix_bytes", "kept_disk_bytes")
_LIMITS = (*_HELD.values(), *_STORED, "max_queue_calls", "max_queue_bytes")


def registry_of(parts: Parts, tallies: CallTallies, lag: LoopLag, gpus: Callable[[], list[Gpu]]) -> CollectorRegistry:
    """Return the registry of a server's metrics.

    Args:
        parts: The server.
        tallies: Sums over its calls that have ended.
        lag: The lag of its event loop.
        gpus: Reads the GPUs that it uses.
    """
    registry = CollectorRegistry()
    registry.register(_OfCalls(parts, tallies))
    registry.register(_OfParts(parts, lag, gpus))
    registry.register(KeptCollector(parts))
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


class _OfCalls(Collector):
    """The metrics of calls."""

    def __init__(self, parts: Parts, tallies: CallTallies) -> None:
        self._parts, self._tallies = parts, tallies

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, also those without a value yet."""
        calls, tallies = self._parts.calls, self._tallies
        in_flight = Counter(record.method for record in list(calls.in_flight))
        # Every method has a value from the start, because a rate needs the value before its first call.
        methods = (*self._parts.identity.methods, UNKNOWN)
        yield counted("meanrev_calls_opened", "Calls whose method was looked up.", "method", calls.opened, methods)
        yield counted("meanrev_calls_received", "Calls that began.", "method", calls.received, methods)
        yield gauges("meanrev_calls_in_flight", "Calls that have not ended.", "method", in_flight, methods)
        ended = CounterMetricFamily(
            "meanrev_calls_ended", "Calls that ended; with those in flight, all that began.", labels=_OUTCOME
        )
        for method, tally in tallies.methods():
            for (code, reason), count in list(tally.ended.items()):
                ended.add_metric([method, code, reason], count)
        yield ended
        yield _histograms("meanrev_call_seconds", "Time of unary calls.", tallies.unary.items(), _seconds)
        yield _histograms("meanrev_stream_seconds", "Time of streams.", tallies.streams.items(), _seconds)
        yield from self._of_messages()

    def _of_messages(self) -> Iterator[Metric]:
        every = self._tallies.methods()
        yield _histograms(
            "meanrev_call_queue_seconds", "Time that a call's computations waited.", every, lambda tally: tally.queue
        )
        yield _histograms("meanrev_call_compute_seconds", "Time that they ran.", every, lambda tally: tally.compute)
        yield _histograms(
            "meanrev_call_encode_seconds", "Time that compute threads serialised.", every, lambda tally: tally.encode
        )
        received = {method: tally.received_bytes for method, tally in every}
        yield counted("meanrev_received_bytes", "Bytes of requests of ended calls.", "method", received)
        sent = {method: tally.sent_bytes for method, tally in every}
        yield counted("meanrev_sent_bytes", "Bytes of replies of ended calls.", "method", sent)


class _OfParts(Collector):
    """The metrics of the other parts."""

    def __init__(self, parts: Parts, lag: LoopLag, gpus: Callable[[], list[Gpu]]) -> None:
        self._parts, self._lag, self._gpus = parts, lag, gpus

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, also those without a value here."""
        yield from self._of_the_server()
        yield from self._of_the_queue()
        yield from self._of_limits()
        yield from self._of_workers()
        yield from self._of_gpus()
        lag = HistogramMetricFamily("meanrev_event_loop_lag_seconds", "Lateness of a timer on the event loop.")
        lag.add_metric([], self._lag.histogram.buckets(), self._lag.histogram.total)
        yield lag

    def _of_the_server(self) -> Iterator[Metric]:
        facts = {
            "version": self._parts.identity.version,
            "backend": self._parts.backend.name,
            "python": platform.python_version(),
            "grpcio": installed.GRPCIO,
            "numpy": installed.NUMPY,
        }
        info = GaugeMetricFamily("meanrev_info", "What the server is.", labels=list(facts))
        info.add_metric(list(facts.values()), 1)
        yield info
        limits = {name: getattr(self._parts.settings, name) for name in _LIMITS}
        yield gauges("meanrev_limit", "Settings that limit the others.", "setting", limits)

    def _of_the_queue(self) -> Iterator[Metric]:
        load, counts = self._parts.launcher.load, self._parts.launcher.counts
        yield GaugeMetricFamily("meanrev_queue_computations", "Computations that wait.", load.waiting)
        yield GaugeMetricFamily("meanrev_queue_bytes", "Bytes that they hold.", load.waiting_bytes)
        yield GaugeMetricFamily("meanrev_compute_threads_busy", "Compute threads at work.", load.busy)
        threads = self._parts.settings.compute_threads
        yield GaugeMetricFamily("meanrev_compute_threads", "Compute threads.", threads)
        outcomes = {name: getattr(counts, name) for name in ("started", "refused", "expired", "cancelled")}
        yield counted("meanrev_computations", "Computations that left the queue or were refused.", "outcome", outcomes)
        sizes = dict(counts.sizes)
        batches = HistogramMetricFamily("meanrev_batch_size", "Computations in a batch.")
        total = sum(size * count for size, count in sizes.items())
        batches.add_metric([], cumulated(_by_powers(sizes).items(), sum(sizes.values())), total)
        yield batches

    def _of_limits(self) -> Iterator[Metric]:
        state, load = self._parts.state, self._parts.admission.load
        held = {setting: getattr(load, part) for part, setting in _HELD.items()}
        jobs = list(state.jobs)
        matrices = state.matrices.matrices
        kept = (
            state.stored.total,
            len(jobs),
            sum(job.nbytes for job in jobs),
            matrices.memory.total,
            matrices.disk.total,
        )
        held.update(zip(_STORED, kept, strict=True))
        yield gauges("meanrev_held", "What calls in flight and callers hold, by its limit.", "setting", held)

    def _of_workers(self) -> Iterator[Metric]:
        fleet = self._parts.fleet
        yield CounterMetricFamily(
            "meanrev_worker_restarts", "Children that ended or failed to start.", fleet.restarts if fleet else 0
        )
        workers = fleet.workers if fleet else []
        ready = {str(number): int(worker.ready) for number, worker in enumerate(workers)}
        yield gauges("meanrev_worker_ready", "Whether a child can compute.", "worker", ready)
        memory = {str(number): _resident(worker.pid) for number, worker in enumerate(workers)}
        yield gauges("meanrev_worker_resident_memory_bytes", "Memory of a child.", "worker", memory)

    def _of_gpus(self) -> Iterator[Metric]:
        gpus = self._gpus()
        used = {str(gpu.number): gpu.memory_used for gpu in gpus}
        yield gauges("meanrev_gpu_memory_used_bytes", "Memory of a GPU in use, by anybody.", "gpu", used)
        total = {str(gpu.number): gpu.memory_total for gpu in gpus}
        yield gauges("meanrev_gpu_memory_total_bytes", "Memory of a GPU.", "gpu", total)
        busy = {str(gpu.number): gpu.utilisation for gpu in gpus}
        yield gauges("meanrev_gpu_utilisation_ratio", "Part of the time in which it computed.", "gpu", busy)


_OUTCOME = ("method", "code", "reason")


def _histograms(
    name: str, text: str, methods: Iterable[tuple[str, MethodTally]], of: Callable[[MethodTally], Histogram]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=["method"])
    for method, tally in list(methods):
        buckets = of(tally).buckets()
        if buckets[-1][1]:  # a method that computes nothing has no times of computations
            family.add_metric([method], buckets, of(tally).total)
    return family


def _seconds(tally: MethodTally) -> Histogram:
    return tally.seconds


def _by_powers(sizes: Mapping[int, int]) -> dict[float, int]:
    """Return batches by the power of two up to which their size goes."""
    found: dict[float, int] = {}
    for power in range(13):
        lower, upper = (1 << power) // 2, 1 << power
        found[upper] = sum(count for size, count in sizes.items() if lower < size <= upper)
    return found


def _resident(pid: int) -> int:
    """Return the memory of a process; 0 where it has ended."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
