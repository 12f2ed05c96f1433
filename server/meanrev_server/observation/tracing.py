"""A call's spans, made when it has ended: the call, and within it decode, queue, compute and encode.

The spans belong to the trace that the caller's metadata names (W3C Trace Context), or to a new one. Their times are
those of the call's record, so that a call costs no span until its end, and nothing where nobody traces. Only this
module and export import OpenTelemetry, and only where the setting tracing is on.
"""

import time

from opentelemetry import trace
from opentelemetry.propagators.textmap import default_getter
from opentelemetry.trace import SpanKind, Status, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from meanrev_server.observation.parts import Identity
from meanrev_server.records import CallRecord

__all__ = ["Tracing"]

_NS = 1_000_000_000
_FAULTS = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
"""Statuses that are the server's fault, by OpenTelemetry's conventions for RPC."""


class Tracing:
    """Makes spans of calls; an observer of calls."""

    def __init__(self, provider: TracerProvider, identity: Identity) -> None:
        """Make no span yet.

        Args:
            provider: Where the spans go.
            identity: What the server is.
        """
        self._tracer = provider.get_tracer("meanrev_server", identity.version)
        self._methods = identity.methods
        self._propagator = TraceContextTextMapPropagator()

    def __call__(self, record: CallRecord) -> None:
        """Make the spans of a call that has ended."""
        # The clock of the records is not the calendar's, which spans need; it may be set while a call runs.
        shift = time.time() - time.monotonic()
        parent = self._propagator.extract(dict(record.trace), getter=default_getter)
        name = self._methods.get(record.method, record.method)
        service, _, method = name.rpartition("/")
        span = self._tracer.start_span(
            name,
            context=parent,
            kind=SpanKind.SERVER,
            start_time=_ns(record.began + shift),
            attributes={
                "rpc.system": "grpc",
                "rpc.service": service,
                "rpc.method": method,
                "rpc.grpc.status_code": record.code,
                "meanrev.reason": record.reason,
                "meanrev.request_id": record.request_id,
                "enduser.id": record.caller.identity,
                "network.peer.address": record.caller.peer,
                "rpc.request.bytes": record.received_bytes,
                "rpc.response.bytes": record.sent_bytes,
            },
        )
        if record.code in _FAULTS:
            span.set_status(Status(StatusCode.ERROR, record.reason))
        within = trace.set_span_in_context(span, parent)
        for phase in tuple(record.phases or ()):
            part = self._tracer.start_span(phase.name, context=within, start_time=_ns(phase.began + shift))
            part.end(_ns(phase.ended + shift))
        span.end(_ns(record.began + record.elapsed_s + shift))


def _ns(seconds: float) -> int:
    return int(seconds * _NS)
