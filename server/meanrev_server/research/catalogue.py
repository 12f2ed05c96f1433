"""The research tasks by method."""

from collections.abc import Mapping

from meanrev_server.research.backtest import BACKTEST
from meanrev_server.research.fit_ou import FIT_OU
from meanrev_server.research.return_stats import RETURN_STATS
from meanrev_server.research.scan_pairs import SCAN_PAIRS
from meanrev_server.research.sweep_thresholds import SWEEP_THRESHOLDS
from meanrev_server.research.task import Task

__all__ = ["TASKS"]

TASKS: Mapping[str, Task] = {
    task.method: task for task in (BACKTEST, RETURN_STATS, FIT_OU, SWEEP_THRESHOLDS, SCAN_PAIRS)
}
"""What can be a job."""
