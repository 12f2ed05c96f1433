"""Progress of a long call: a bar where rich or tqdm is installed, or calls of the caller's function."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from typing import Any

from meanrev.errors import InvalidInput

__all__ = ["Advance", "Progress", "Report", "shown"]

Report = Callable[[int, int, float], object]
"""Takes done, total and eta_s: seconds left, NaN while that is unknown."""

Progress = bool | Report
Advance = Callable[[int, int], None]


@contextmanager
def shown(progress: Progress, label: str) -> Iterator[Advance]:
    """Show progress while the context is open; its value takes (done, total).

    Args:
        progress: False for none; True for a bar on stderr (tqdm in a notebook, else rich, whichever is installed); or
            a function of done, total and eta_s.
        label: What is computed.

    Raises:
        InvalidInput: progress is something else.
    """
    if callable(progress):
        yield _timed(progress)
    elif progress is True:
        with _bar(label) as report:
            yield _timed(report)
    elif progress is False:
        yield lambda _done, _total: None
    else:
        raise InvalidInput("progress", "must be True, False or a function of (done, total, eta_s)", value=progress)


def _timed(report: Report) -> Advance:
    """Add the time that is left, by the pace since the first report."""
    started: tuple[float, int] | None = None

    def advance(done: int, total: int) -> None:
        nonlocal started
        now = time.monotonic()
        if started is None:
            started = now, done
        since, before = started
        left = (now - since) * (total - done) / (done - before) if done > before else math.nan
        report(done, total, 0.0 if done == total else left)

    return advance


def _bar(label: str) -> AbstractContextManager[Report]:
    bars = (_tqdm, _rich) if _in_a_notebook() else (_rich, _tqdm)
    for bar in bars:
        if find_spec(bar.__name__.removeprefix("_")) is not None:
            return bar(label)
    return _line(label)


def _in_a_notebook() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


@contextmanager
def _rich(label: str) -> Iterator[Report]:
    from rich.console import Console  # noqa: PLC0415 - it may not be installed
    from rich.progress import Progress as Bar  # noqa: PLC0415 - likewise

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total, _eta_s: bar.update(task, completed=done, total=total)


@contextmanager
def _tqdm(label: str) -> Iterator[Report]:
    import tqdm.auto  # type: ignore[import-untyped, import-not-found, unused-ignore] # noqa: PLC0415 - may be missing

    with tqdm.auto.tqdm(desc=label, leave=False) as bar:

        def report(done: int, total: int, _eta_s: float) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield report


@contextmanager
def _line(label: str) -> Iterator[Report]:
    def report(done: int, total: int, eta_s: float) -> None:
        left = "" if math.isnan(eta_s) else f", {eta_s:.0f} s left"
        sys.stderr.write(f"\r{label} {done}/{total}{left}   ")

    stderr: Any = sys.stderr
    yield report
    stderr.write("\n")
