"""How far a scan is: each stage reports its own share, which makes a part of the whole."""

from collections.abc import Callable

from gpu_kernels.pair_trading.model import Progress

__all__ = ["Report", "reporting", "within"]

Report = Callable[[float], None]
"""Called with the share of a stage that is done, from 0 to 1, which only grows; what it raises ends the work."""


def reporting(progress: Progress | None, part: int, total: int) -> Report:
    """Return a report that turns shares of the first `part` pairs into pairs examined; above 1 it counts later ones."""
    return (lambda _: None) if progress is None else (lambda share: progress(int(part * share), total))


def within(report: Report, begin: float, end: float) -> Report:
    """Return the report of a stage, whose shares 0 and 1 are the shares `begin` and `end` of the whole."""
    return lambda share: report(end if share >= 1.0 else begin + (end - begin) * share)
