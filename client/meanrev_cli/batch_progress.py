"""Progress of a batch run on stderr: a bar for people, or a line of JSON a second."""

import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import Progress

__all__ = ["watching"]

_EVERY_S = 1.0

Watch = Callable[[Any], None]


@contextmanager
def watching(*, as_json: bool) -> Iterator[Watch]:
    """Show the events of a run while the context is open; its value takes them.

    Args:
        as_json: Write lines of JSON; otherwise draw a bar where stderr is a terminal, and nothing elsewhere.
    """
    if as_json:
        yield _Lines()
    elif sys.stderr.isatty():
        with Progress(console=Console(stderr=True), transient=True) as bars:
            yield _Bars(bars)
    else:
        yield lambda _: None


class _Lines:
    """Writes the first and the last event of a stage, and at most one a second between them."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, event: Any) -> None:
        now = time.monotonic()
        if now >= self._next or event.done == event.total:
            self._next = now + _EVERY_S
            shown = {
                name: None if isinstance(value, float) and math.isnan(value) else value
                for name, value in event._asdict().items()
            }
            sys.stderr.write(f"{json.dumps(shown)}\n")
            sys.stderr.flush()


class _Bars:
    """Draws a bar a stage."""

    def __init__(self, bars: Progress) -> None:
        self._bars, self._tasks = bars, dict[str, Any]()

    def __call__(self, event: Any) -> None:
        if event.stage not in self._tasks:
            self._tasks[event.stage] = self._bars.add_task(event.stage, total=event.total)
        left = "" if math.isnan(event.eta_s) else f", {event.eta_s:.0f} s left"
        described = f"{event.stage} {event.done}/{event.total}{left}"
        self._bars.update(self._tasks[event.stage], completed=event.done, description=described)
