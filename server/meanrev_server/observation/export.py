"""Where spans go: to an OpenTelemetry collector, which the variables OTEL_* name (docs/operating.md)."""

from typing import TYPE_CHECKING

from meanrev_server.errors import ConfigError
from meanrev_server.observation.parts import Identity

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

__all__ = ["exporting"]


def exporting(identity: Identity) -> "TracerProvider":
    """Return a provider whose spans go to the collector in batches, from a thread of its own.

    Args:
        identity: What the server is.

    Raises:
        ConfigError: OpenTelemetry is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - optional
        from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ModuleNotFoundError as error:
        missing = f"tracing needs OpenTelemetry, and {error.name} is not installed: pip install 'meanrev[otel]'"
        raise ConfigError(missing) from None
    resource = Resource.create({SERVICE_NAME: "meanrev", SERVICE_VERSION: identity.version})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
