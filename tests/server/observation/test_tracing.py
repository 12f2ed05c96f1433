"""Spans show a call and its parts, in the trace of its caller, and nothing is imported where nobody traces."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from meanrev_wire import meanrev_pb2
from tests.server.observation.observing import LOG_RETURNS, PORTFOLIO_STATS, observing, returns, until

trace = pytest.importorskip("opentelemetry.sdk.trace", reason="needs the extra otel")
export = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter", reason="needs the extra otel")

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
STATS = meanrev_pb2.PortfolioStatsRequest(
    returns=meanrev_pb2.Matrix(rows=3, cols=2, values=[0.01, -0.02, 0.03, 0.01, 0.0, 0.02])
).SerializeToString()


@pytest.fixture
def spans(monkeypatch):
    """Keeps spans in memory instead of sending them; returns the function that gives those that have ended."""
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    kept = export.InMemorySpanExporter()

    def keeping(_):
        provider = trace.TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(kept))
        return provider

    monkeypatch.setattr("meanrev_server.observation.observation.exporting", keeping)
    return kept.get_finished_spans


def of_a_call(spans):
    """Return the spans of one call, the call's own first."""
    until(lambda: any(span.name.startswith("meanrev.") for span in spans()))
    return sorted(spans(), key=lambda span: (not span.name.startswith("meanrev."), span.start_time))


def test_a_call_has_a_span_with_its_parts_in_it(spans):
    with observing(tracing="otlp") as server:
        server.unary(PORTFOLIO_STATS, STATS, metadata=[("traceparent", f"00-{TRACE}-{PARENT}-01")])
        call, *parts = of_a_call(spans)
    assert call.name == "meanrev.MeanRevService/PortfolioStats"
    assert (f"{call.context.trace_id:032x}", f"{call.parent.span_id:016x}") == (TRACE, PARENT)
    assert call.attributes["rpc.grpc.status_code"] == "OK"
    assert [part.name for part in parts] == ["decode", "queue", "compute", "encode"]
    for part in parts:
        assert part.parent.span_id == call.context.span_id
        assert call.start_time - 1000 <= part.start_time <= part.end_time <= call.end_time + 1000


def test_a_call_without_a_trace_begins_one_and_a_fault_is_an_error(spans):
    with observing(tracing="otlp", max_calls_in_flight=1) as server:
        server.refused(LOG_RETURNS, b"\xff", metadata=[("traceparent", "nonsense")])
        (call, *_) = of_a_call(spans)
    assert call.parent is None
    assert call.attributes["rpc.grpc.status_code"] == "INVALID_ARGUMENT"
    assert call.attributes["meanrev.reason"] == "malformed"
    assert call.status.is_ok or call.status.is_unset  # it is the caller's fault, not the server's


def test_a_caller_that_samples_nothing_gets_no_span(spans):
    with observing(tracing="otlp") as server:
        server.unary(LOG_RETURNS, returns(), metadata=[("traceparent", f"00-{TRACE}-{PARENT}-00")])
        server.unary(PORTFOLIO_STATS, STATS)
        call, *_ = of_a_call(spans)
    assert call.name.endswith("PortfolioStats")


def test_spans_go_to_the_collector_that_the_environment_names(monkeypatch):
    got = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
        try:
            with observing(tracing="otlp") as server:
                server.unary(LOG_RETURNS, returns())
        finally:
            collector.shutdown()
            thread.join()
    ((path, body),) = got
    assert path == "/v1/traces"
    assert b"meanrev.MeanRevService/ComputeLogReturns" in body


def test_nothing_is_imported_where_nobody_traces():
    code = "import sys, meanrev_server.app; sys.exit(any(m.split('.')[0] == 'opentelemetry' for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], timeout=120, check=False).returncode == 0


def test_a_server_without_the_libraries_says_what_to_install(monkeypatch):
    from meanrev_server.errors import ConfigError

    for name in [name for name in sys.modules if name.startswith("opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigError, match=r"pip install 'meanrev\[otel\]'"), observing(tracing="otlp"):
        pass
