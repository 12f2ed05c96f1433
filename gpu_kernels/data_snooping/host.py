"""The NumPy twin of the tests of a search; nearly all of the time passes in products of matrices."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.data_snooping import bootstrap, repeated_search
from gpu_kernels.data_snooping.model import LEAST_VARIATION, DataSnooping, Scheme
from gpu_kernels.errors import Degenerate
from gpu_kernels.performance.sharpe_error import standard_errors

__all__ = ["examine"]


def examine(returns: Floats, scheme: Scheme) -> DataSnooping:
    """Test the search among M strategies; see the equations of the model.

    Args:
        returns: (T, M), finite.
        scheme: Checked.

    Raises:
        Degenerate: no strategy's returns vary.
    """
    by_strategy = np.ascontiguousarray(returns.T)
    n_strategies, n_periods = by_strategy.shape
    scaled, exponent, constant = _scaled(by_strategy)
    tested = np.flatnonzero(~constant)
    if not tested.size:
        raise Degenerate("returns", "returns must vary in at least one strategy: there is nothing to choose among")
    kept = scaled if tested.size == n_strategies else scaled[tested]
    scale = np.ldexp(1.0, exponent[tested])
    mean, spread, centred = _centred(kept)
    deviation = bootstrap.long_run_deviations(centred, scheme.block_length)
    root = float(np.sqrt(n_periods))
    statistics = root * mean / deviation
    periods = bootstrap.draws(n_periods, scheme.resamples, scheme.block_length, scheme.seed)
    found = bootstrap.resample(centred, mean, deviation, scale, periods)
    del centred  # what follows needs as much memory
    best = int(statistics.argmax())
    folds = (scheme.n_folds, scheme.n_test_folds, scheme.purged, scheme.embargo)
    paths = repeated_search.cross_validate(kept, np.ldexp(1.0, exponent[tested] - exponent[tested].max()), *folds)

    superior = np.zeros(n_strategies, dtype=np.bool_)
    superior[tested] = bootstrap.superior(statistics, found.each, scheme.size)

    def all_of(values: Floats) -> Floats:
        whole = np.full(n_strategies, np.nan)
        whole[tested] = values
        return whole

    return DataSnooping(
        mean=all_of(scale * mean),
        std_error=all_of(scale * deviation / root),
        sharpe_ratio=all_of(mean / spread),
        sharpe_std_error=all_of(standard_errors(kept)),
        superior=superior,
        status=tuple("error" if each else "ok" for each in constant),
        reason=tuple("its returns do not vary, so there is nothing to test" if each else "" for each in constant),
        n_tested=tested.size,
        best=int(tested[best]),
        p_reality_check=bootstrap.p_value(root * float((scale * mean).max()), found.plain),
        p_lower=bootstrap.p_value(statistics[best], found.lower),
        p_consistent=bootstrap.p_value(statistics[best], found.consistent),
        p_upper=bootstrap.p_value(statistics[best], found.upper),
        effective_tries=bootstrap.effective_tries(found.upper),
        overfitting=repeated_search.overfitting(kept, scheme.n_blocks),
        paths=paths._replace(chosen=tested[paths.chosen]),
        block_length=scheme.block_length,
    )


def _scaled(by_strategy: Floats) -> tuple[Floats, NDArray[np.intc], NDArray[np.bool_]]:
    """Return (M, T) returns in units of powers of two, their exponents (M,), and which strategies' do not vary (M,).

    In units of its own power of two, no strategy's squares overflow or vanish, and no bit of a ratio changes.
    """
    n_strategies, n_periods = by_strategy.shape
    scaled, exponents = np.empty_like(by_strategy), np.empty(n_strategies, dtype=np.intc)
    constant = np.empty(n_strategies, dtype=np.bool_)
    for part in bootstrap.groups(n_strategies):
        _, exponents[part] = np.frexp(np.abs(by_strategy[part]).max(axis=1))
        rows = np.ldexp(by_strategy[part], -exponents[part, None], out=scaled[part])
        constant[part] = rows.std(axis=1) <= LEAST_VARIATION * np.sqrt(np.einsum("ij,ij->i", rows, rows) / n_periods)
    return scaled, exponents, constant


def _centred(kept: Floats) -> tuple[Floats, Floats, Floats]:
    """Return mean and standard deviation (M,) of (M, T) returns, and the returns less their mean."""
    n_strategies, n_periods = kept.shape
    mean, spread, centred = np.empty(n_strategies), np.empty(n_strategies), np.empty_like(kept)
    for part in bootstrap.groups(n_strategies):
        mean[part] = kept[part].mean(axis=1)
        rows = np.subtract(kept[part], mean[part, None], out=centred[part])
        spread[part] = np.sqrt(np.einsum("ij,ij->i", rows, rows) / n_periods)
    return mean, spread, centred
