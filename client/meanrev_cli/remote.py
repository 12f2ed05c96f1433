"""A running server for the command line: its address, a channel to it, and failures in plain words."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import math
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click
import grpc

from meanrev.errors import InvalidInput
from meanrev.transport.address import LOCAL, proxy_variable, separate, targets
from meanrev.transport.status import error_of, tls_remedy
from meanrev_cli.failure import ExitCode, Failure, failure_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from meanrev_cli.access import Access
    from meanrev_cli.shared import Shared

__all__ = ["MAX_BYTES", "SECONDS", "address_of", "connected", "failure_of", "timeout_flag"]

MAX_BYTES = 256 * 1024 * 1024

F = TypeVar("F", bound="Callable[..., Any]")


class _Seconds(click.FloatRange):
    """Seconds above zero; what no clock can count, "inf" among it, is three years."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds: float = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return min(seconds, 1e8)


SECONDS = _Seconds(min=0, min_open=True)


def timeout_flag(command: F) -> F:
    """Add --timeout to a command, which takes timeout_s."""
    option = click.option(
        "--timeout",
        "timeout_s",
        type=SECONDS,
        default=30.0,
        envvar="MEANREV_TIMEOUT",
        show_default=True,
        metavar="SECONDS",
        help="Longest wait for an answer (or MEANREV_TIMEOUT).",
    )
    return option(command)


def address_of(shared: Shared, host: str | None) -> str:
    """Return the address to call.

    Args:
        shared: Names the environment and file that stand in for a missing host.
        host: HOST, HOST:PORT or unix:/path; where None, MEANREV_HOST, then the settings' listen.

    Raises:
        Failure: it is no address; exit code USAGE.
    """
    variable = shared.environ.get("MEANREV_HOST", "").strip()
    name, chosen = ("HOST", host) if host else ("MEANREV_HOST", variable) if variable else ("listen", "")
    try:
        address = targets(chosen or _listened_on(shared), name)
    except InvalidInput as error:
        raise Failure(ExitCode.USAGE, str(error)) from None
    if address == LOCAL:
        raise Failure(ExitCode.USAGE, f"{name} must be HOST:PORT or unix:/path: this command asks a running server")
    if len(separate(address)) > 1:
        raise Failure(ExitCode.USAGE, f"{name} must be one HOST:PORT or unix:/path, got several: {address}")
    return address


def _listened_on(shared: Shared) -> str:
    # Its import takes most of the time of `meanrev health HOST`, which probes run every few seconds.
    from meanrev_cli.settings import settings_from  # noqa: PLC0415

    return settings_from(shared, {}).listen


@contextmanager
def connected(address: str, timeout_s: float, access: Access) -> Iterator[grpc.Channel]:
    """Open a channel on which a server has answered.

    Args:
        address: HOST:PORT or unix:/path.
        timeout_s: Longest wait for the connection.
        access: The token that every call sends, and the files of TLS.

    Raises:
        Failure: nothing answers (exit code NO_SERVER), or access cannot be used (exit code USAGE).
    """
    where = access.endpoint(address)
    limits = (("grpc.max_receive_message_length", MAX_BYTES), ("grpc.max_send_message_length", MAX_BYTES))
    options = (*where.options(), *limits)
    if where.credentials is None:
        opened = grpc.insecure_channel(address, options=options)
    else:
        opened = grpc.secure_channel(address, where.credentials, options=options)
    with opened as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=min(timeout_s, 5.0))
        except grpc.FutureTimeoutError:
            raise _nobody(address, _told(channel)) from None
        yield grpc.intercept_channel(channel, _Sender(where.metadata)) if where.metadata else channel


def failure_of(error: grpc.RpcError, address: str, timeout_s: float) -> Failure:
    """Put a failed call in plain words.

    Args:
        error: As raised by grpc.
        address: The server that was called.
        timeout_s: The deadline it had.
    """
    code = error.code().name
    if code == "UNAVAILABLE":
        return _nobody(address, error.details() or "")
    if code == "DEADLINE_EXCEEDED":
        message = f"{address} gave no answer within {timeout_s:g} s; --timeout (or MEANREV_TIMEOUT) allows more"
    else:
        ours = code in {"RESOURCE_EXHAUSTED", "UNAUTHENTICATED", "PERMISSION_DENIED"}
        message = f"{code}: {error_of(error, address) if ours else error.details()}"
    return failure_from(error_of(error, address), message=message)


class _Sender(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Sends metadata with every call."""

    def __init__(self, metadata: tuple[tuple[str, str], ...]) -> None:
        self._metadata = metadata

    def _send(self, start: Any, details: Any, sent: Any) -> Any:
        return start(details._replace(metadata=(*(details.metadata or ()), *self._metadata)), sent)

    # The signatures of the four differ in the names of their arguments alone.
    intercept_unary_unary = intercept_unary_stream = _send  # type: ignore[assignment]
    intercept_stream_unary = intercept_stream_stream = _send  # type: ignore[assignment]


def _told(channel: grpc.Channel) -> str:
    """Return what gRPC says of a channel that does not connect."""
    check: Any = channel.unary_unary("/grpc.health.v1.Health/Check")
    try:
        check(b"", timeout=1.0)
    except grpc.RpcError as error:
        return str(error.details() or "")
    return ""


def _nobody(address: str, told: str) -> Failure:
    variable = proxy_variable(address, os.environ)
    advice = tls_remedy(told) or (
        f"it was asked through the proxy that {variable} names; no_proxy lists hosts that are called directly"
        if variable
        else "`meanrev serve` starts a server; HOST (or MEANREV_HOST) names another"
    )
    return Failure(ExitCode.NO_SERVER, f"nothing answers at {address}: {advice}")
