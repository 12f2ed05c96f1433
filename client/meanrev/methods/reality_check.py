"""RealityCheck: what the best of many strategies is worth after the search for it."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from meanrev.methods.chunks import matrix
from meanrev.methods.naming import series_names
from meanrev.methods.research import Research, ResearchRequest
from meanrev.progress import Progress
from meanrev.question import About, Question
from meanrev.results import RealityCheck
from meanrev_wire import codec
from meanrev_wire.research_pb2 import RealityCheckReply

__all__ = ["REALITY_CHECK", "read_reality_check", "reality_check"]

_HOUR_S = 3600.0
_NUMBERS = ("mean", "std_error", "sharpe_ratio", "sharpe_std_error", "probability_sharpe_positive")
_OF_PATHS = ("path_sharpe_ratios", "path_sharpe_std_errors", "path_probabilities_positive")
_SINGLES = (
    *("n_tested", "best", "p_reality_check", "p_lower", "p_consistent", "p_upper", "effective_tries"),
    *("pbo", "probability_of_loss", "degradation", "block_length", "path_note"),
)


def read_reality_check(reply: Any, about: About) -> RealityCheck:
    """Read a RealityCheckReply.

    Args:
        reply: With a result; several, joined, where it is large.
        about: What is known about the call.
    """
    result = reply.result
    fields: dict[str, Any] = {
        "strategy": tuple(result.columns),
        "status": tuple(result.status),
        "reason": tuple(result.reason),
        **{name: codec.doubles(getattr(result, name)) for name in _NUMBERS},
        "superior": np.asarray(result.superior, dtype=np.bool_),
        **{name: getattr(reply, name) for name in _SINGLES},
        **{name: codec.doubles(getattr(reply, name)) for name in _OF_PATHS},
        "chosen": tuple(reply.chosen),
    }
    return RealityCheck(**fields, meta=about)


REALITY_CHECK = Research(
    method="RealityCheck", reply=RealityCheckReply, read=read_reality_check, renamed={"block": "returns"}
)


@REALITY_CHECK.declares
def reality_check(
    returns: Any,
    *,
    benchmark: Hashable | None = None,
    resamples: int | None = None,
    block_length: int | None = None,
    size: float | None = None,
    seed: int | None = None,
    n_blocks: int | None = None,
    n_folds: int | None = None,
    n_test_folds: int | None = None,
    purged: int | None = None,
    embargo: int | None = None,
    asset_ids: Sequence[str] | None = None,
    progress: Progress = False,
    dry_run: bool = False,
    timeout: float = _HOUR_S,
) -> Question[RealityCheck]:
    """Test whether the best of many strategies is better than a benchmark, given that all of them were tried.

    Args:
        returns: (T, M) of all strategies that were tried, those that were thrown away too; a column each, oldest first,
            T >= 30. NaN is refused: a strategy without a position returns 0.
        benchmark: The column that is subtracted from the others and is no strategy; nothing is subtracted where None.
        resamples: Of the stationary bootstrap; 1,000 where None.
        block_length: Mean length of its blocks, longer than the returns' dependence; about sqrt(T) where None.
        size: Chance that any strategy is called superior that is not; 0.05 where None.
        seed: Of the resamples; 0 where None. The same seed gives the same answer.
        n_blocks: Blocks of the probability of overfitting, even; 16 where None.
        n_folds: Folds of cross-validation; 10 where None.
        n_test_folds: Those that are tested at a time; 2 where None.
        purged: Periods left out of training on either side of a test fold, those that a trade may span; 0 where None.
        embargo: Further ones left out after a test fold; 0 where None.
        asset_ids: Names of the strategies; the frame's columns, else their numbers, where None.
        progress: True for a bar, or a function of (done, total, eta_s).
        dry_run: Upload nothing, and return an Estimate of time, memory and bytes in place of the result.
        timeout: Seconds for everything.

    Returns:
        RealityCheck, whose equations and references are in docs/operations/data_snooping.md.

    Raises:
        MeanRevError: as every call.
    """
    read = matrix(returns, "returns").matrix("returns")
    names = series_names(read, asset_ids)
    options = {
        "benchmark": None if benchmark is None else names.text(benchmark, "benchmark"),
        "resamples": resamples,
        "block_length": block_length,
        "size": size,
        "seed": seed,
        "n_blocks": n_blocks,
        "n_folds": n_folds,
        "n_test_folds": n_test_folds,
        "purged": purged,
        "embargo": embargo,
    }
    request = ResearchRequest(REALITY_CHECK, read, names, options, read_reality_check)
    return request.question(progress, timeout, dry_run=dry_run)
