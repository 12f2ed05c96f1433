"""Settings that contradict each other: one allows what another makes impossible.

A server with such settings would admit a request, or half of it, and then refuse it, however idle it is.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from meanrev_server.errors import setting_named

__all__ = ["contradiction"]


class _Pair(NamedTuple):
    """Two settings of which the first must not be above the second.

    Attributes:
        low: Name of the first.
        high: Name of the second.
        why: What could never happen otherwise.
    """

    low: str
    high: str
    why: str


_PAIRS = (
    _Pair("max_message_bytes", "max_bytes_in_flight", "a message of that size could never be admitted"),
    _Pair("max_message_bytes", "max_queue_bytes", "a message of that size could never be computed"),
    _Pair("max_message_bytes", "max_reply_bytes_in_flight", "a reply of that size could never be sent"),
    _Pair("max_matrix_bytes", "max_bytes_in_flight", "a matrix of that size could never be admitted"),
)
_NEEDED = (
    ("tls_cert", "tls_key"),
    ("tls_key", "tls_cert"),
    ("tls_client_ca", "tls_cert"),
    ("revoked_file", "tls_client_ca"),
)
"""Files, and the files that they make no sense without."""

_FULL_BATCH = _Pair("max_batch_size", "max_queue_calls", "so many calls can never wait together")


def contradiction(settings: Any) -> str:
    """Return the first contradiction as a sentence that names both settings and their values; "" where there is none.

    Args:
        settings: The server's Settings, each of which is legal by itself.
    """
    return next(_contradictions(settings), "")


def _contradictions(settings: Any) -> Iterator[str]:
    for pair in (*_PAIRS, *_batches(settings)):
        low, high = getattr(settings, pair.low), getattr(settings, pair.high)
        if low > high:
            yield (
                f"{pair.low} = {low} is above {pair.high} = {high}: {pair.why}; "
                f"lower {setting_named(pair.low)} or raise {setting_named(pair.high)}"
            )
    yield from _files(settings)
    if settings.state_dir and settings.max_matrix_bytes > settings.max_state_bytes:
        yield (
            f"max_matrix_bytes = {settings.max_matrix_bytes} is above max_state_bytes = {settings.max_state_bytes}: a "
            "job of that size could never be stored; lower "
            f"{setting_named('max_matrix_bytes')} or raise {setting_named('max_state_bytes')}"
        )
    if settings.gpus > 1 and settings.worker == "thread":
        yield f"gpus must be 1 where worker is 'thread', got {settings.gpus}: each GPU has a child"
    if settings.gpus > 1 and settings.backend in {"native", "numpy"}:
        yield f"gpus = {settings.gpus} contradicts backend = {settings.backend!r}, which uses no GPU"
    if 0 < settings.default_deadline_s * 1e6 <= settings.max_queue_delay_us:
        yield (
            f"default_deadline_s = {settings.default_deadline_s} is not above max_queue_delay_us = "
            f"{settings.max_queue_delay_us} (microseconds): calls would expire while they wait for others"
        )


def _files(settings: Any) -> Iterator[str]:
    """Yield what is wrong about the files of TLS, which need one another."""
    for given, missing in _NEEDED:
        if getattr(settings, given) and not getattr(settings, missing):
            yield f"{given} = {getattr(settings, given)!r} needs {setting_named(missing)}, which is not set"
    if settings.dashboard and settings.tls_client_ca and not settings.token_file:
        yield (
            f"dashboard = {settings.dashboard!r} contradicts tls_client_ca without token_file: a browser shows the "
            f"dashboard no certificate, so anybody could call; {setting_named('token_file')} asks for tokens"
        )
    if settings.tls_cert and settings.listen.startswith("unix:"):
        yield f"tls_cert contradicts listen = {settings.listen!r}: a unix socket is on this machine, and takes no TLS"


def _batches(settings: Any) -> tuple[_Pair, ...]:
    """Return the rule of batches where their size was set; the default is an upper bound for any queue."""
    chosen = settings.max_batch_size != type(settings)().max_batch_size
    return (_FULL_BATCH,) if chosen else ()
