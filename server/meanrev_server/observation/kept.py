"""The metrics of what a server keeps: jobs, the state directory and its disk, and the files of TLS and tokens."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from meanrev_server.observation.families import counted, gauges
from meanrev_server.observation.parts import Parts

__all__ = ["KeptCollector"]

_STATUSES = ("queued", "running", "done", "failed", "cancelled")


class KeptCollector(Collector):
    """Reads them where Prometheus asks, in the thread of the metrics, because the disk may be slow."""

    def __init__(self, parts: Parts) -> None:
        """Read nothing yet.

        Args:
            parts: The server.
        """
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, also those without a value here."""
        statuses = Counter(job.status for job in self._parts.state.jobs)
        yield gauges("meanrev_jobs", "Jobs that are kept.", "status", statuses, _STATUSES)
        yield from self._of_the_disk()
        yield from self._of_writes()
        yield from self._of_files()

    def _of_the_disk(self) -> Iterator[Metric]:
        use = self._parts.state.archive.disk_use()
        yield _gauge("meanrev_state_bytes", "Bytes of the files in the state directory.", use and use.used)
        yield _gauge("meanrev_state_disk_free_bytes", "Bytes of its disk that the server may take.", use and use.free)
        yield _gauge("meanrev_state_disk_bytes", "Bytes of its disk.", use and use.size)

    def _of_writes(self) -> Iterator[Metric]:
        writes = self._parts.state.archive.writes
        outcomes = {} if writes is None else {"done": writes.done, "failed": writes.failed}
        yield counted("meanrev_state_writes", "Writes to the state directory.", "outcome", outcomes)
        last = None if writes is None else writes.last
        yield _gauge("meanrev_state_last_write_timestamp_seconds", "Time of the last one that succeeded.", last)

    def _of_files(self) -> Iterator[Metric]:
        usable = {files.what: int(files.usable) for files in self._parts.files}
        yield gauges("meanrev_files_usable", "Whether the last change of these files is used.", "files", usable)
        certificate = self._parts.certificate
        expires = None if certificate is None else certificate.value.expires
        yield _gauge("meanrev_certificate_expiry_timestamp_seconds", "When the server's certificate expires.", expires)


def _gauge(name: str, text: str, value: float | None) -> GaugeMetricFamily:
    """Return a gauge without labels; None is no value."""
    family = GaugeMetricFamily(name, text, labels=[])
    if value is not None:
        family.add_metric([], value)
    return family
