"""Log rendering: stdlib loggers everywhere, structlog only where lines are written to stderr.

A log holds no data of callers. The message of an exception and the variables of its frames may hold some, such as a
price or a name. So a log line contains only the exception's kind and its places in the code.
"""

import logging
import sys
import traceback
from collections.abc import Iterator

import structlog

from meanrev_server.log_queue import QueuedHandler

__all__ = ["particulars", "start_logging"]


def particulars(error: BaseException) -> dict[str, str]:
    """Return what a log line may contain of an exception: its kind, and where in the code it was raised.

    Args:
        error: The exception; those that it was raised from, or while handling, are included.
    """
    chain = list(_chain(error))
    return {
        "error": " from ".join(f"{type(one).__module__}.{type(one).__qualname__}" for one in chain),
        "frames": "\n".join(place for one in chain for place in _places(one)),
    }


def start_logging(rendering: str, level: str) -> None:
    """Send log records to stderr, which a thread writes: where nobody reads it, lines are dropped and counted.

    Args:
        rendering: "console" or "json".
        level: Name of the least severe level that is written.
    """
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.types.Processor = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    if rendering == "json":
        last = structlog.processors.JSONRenderer()
    formatter = _Formatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )
    stderr = sys.stderr

    def write(record: logging.LogRecord) -> None:
        stderr.write(f"{formatter.format(record)}\n")
        stderr.flush()

    logging.raiseExceptions = False  # else a closed stderr would make logging print a traceback, with its data
    handler = QueuedHandler(write)
    handler.addFilter(_not_of_a_lost_reply)
    handler.addFilter(_without_data)  # here, and not in the thread: what waits in the queue holds no data either
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Renders records, but for those whose message is lines that have been rendered already."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        return str(record.msg) if vars(record).get("rendered") else super().format(record)


def _not_of_a_lost_reply(record: logging.LogRecord) -> bool:
    """Return False for gRPC's error that a reply could not be sent: its caller has left, which the call's line says."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    return not (record.name.startswith("grpc") and type(error).__name__ == "ExecuteBatchError")


def _without_data(record: logging.LogRecord) -> bool:
    """Remove the message of an exception from a record of any logger, asyncio's and gRPC's included."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is not None:
        # asyncio and gRPC also show the exception after the first line of their own messages.
        record.msg, record.args = record.getMessage().partition("\n")[0], None
        vars(record).update(particulars(error))
    record.exc_info = record.exc_text = record.stack_info = None
    return True


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _places(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{frame.filename}:{frame.lineno} in {frame.name}"
    yield from getattr(error, "__notes__", ())  # a worker process adds its places as a note
