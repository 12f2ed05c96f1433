"""`meanrev health`: whether a server serves, for people and probes."""

import time

import click
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from rich.text import Text

from meanrev_cli.access import Access, access_flags
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.remote import address_of, connected, failure_of, timeout_flag
from meanrev_cli.shared import Shared, shared_flags

__all__ = ["health"]


@click.command()
@click.argument("host", required=False)
@click.option("--service", default="", metavar="NAME", help="One service instead of the server as a whole.")
@timeout_flag
@access_flags
@shared_flags
def health(shared: Shared, host: str | None, service: str, timeout_s: float, access: Access) -> None:
    """Ask the server at HOST whether it serves; exit code 0 if so, 3 if not.

    HOST is HOST:PORT or unix:/path; without it MEANREV_HOST, then the configured listen address.
    """
    address = address_of(shared, host)
    with connected(address, timeout_s, access) as channel:
        start = time.perf_counter()
        try:
            reply = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(service=service),
                timeout=timeout_s,
            )
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:  # gRPC's own servicer reports no more than that
                rule = f"the server at {address} has no service {service!r}; `meanrev info` lists those it has"
                raise Failure(ExitCode.BAD_DATA, rule) from None
            raise failure_of(error, address, timeout_s) from None
        ms = 1e3 * (time.perf_counter() - start)
    status = health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status)
    shared.note(f"answered in {ms:.1f} ms")
    shared.show({"address": address, "status": status, "ms": round(ms, 3)}, Text(status))
    if status != "SERVING":
        why = f"the server at {address} answers {status}: it is starting, stopping or faulty"
        raise Failure(ExitCode.NO_SERVER, why, shown=True)
