"""Every operation that can take long runs by its Twins, so that what it computes can be carried to another process."""

import ast
import importlib
import pickle
import pkgutil
from pathlib import Path

import numpy as np
import pytest

import gpu_kernels
from gpu_kernels import (
    cointegration,
    data_snooping,
    dispatch,
    grid_check,
    johansen,
    moments,
    multiperiod,
    ou,
    pca,
    performance,
    residuals,
    reversion,
    sweep,
    threshold_grid,
    thresholds,
    weights,
)
from gpu_kernels.dispatch import Twins
from tests.gpu_kernels.native import needs_compiler

PACKAGE = Path(gpu_kernels.__file__).parent
RNG = np.random.default_rng(1)
WALKS = 100.0 + np.cumsum(RNG.normal(size=(3, 60)), axis=1)
RETURNS = 0.01 * RNG.normal(size=(60, 4))
BLOCKS = [
    cointegration.Block(np.arange(3.0)[part], WALKS[part].T, np.abs(WALKS[part]).max(axis=1))
    for part in (slice(0, 2), slice(2, 3))
]
MEANS, COVARIANCE = RETURNS.mean(axis=0), np.cov(RETURNS, rowvar=False)


def stream(**options):
    """Return the estimate of a stream that makes each estimate from the prices that it keeps."""
    online = ou.OnlineOu(**options)
    online.extend(WALKS[0], np.arange(60) * 1_000)
    return online.estimate()


WORK = {
    "ou.fit": lambda: ou.fit(WALKS, adf_lags=1),
    "ou.OnlineOu, lags": lambda: stream(adf_lags=1),
    "ou.OnlineOu, times": lambda: stream(time_unit_ms=1_000),
    "pca.fit": lambda: pca.fit(RETURNS),
    "moments.covariance": lambda: moments.covariance(RETURNS, method="oas"),
    "moments.portfolio_stats": lambda: moments.portfolio_stats(RETURNS),
    "weights.cara": lambda: weights.cara(MEANS, COVARIANCE),
    "weights.cara, bounds": lambda: weights.cara(MEANS, COVARIANCE, bounds=(0.0, 0.5)),
    "weights.sharpe": lambda: weights.sharpe(MEANS, COVARIANCE, mode="long_only"),
    "weights.sharpe, leverage": lambda: weights.sharpe(MEANS, COVARIANCE, leverage=1.5),
    "multiperiod.optimize": lambda: multiperiod.optimize(RETURNS[:3], COVARIANCE, bounds=(0.0, 1.0)),
    "johansen.fit": lambda: johansen.fit(WALKS.T),
    "data_snooping.examine": lambda: data_snooping.examine(
        WALKS.T, resamples=99, n_blocks=2, n_folds=3, n_test_folds=1
    ),
    "cointegration.scan": lambda: cointegration.scan(WALKS.T),
    "cointegration.between": lambda: cointegration.between(*BLOCKS, 1),
    "cointegration.listed": lambda: cointegration.listed(
        WALKS, slice(0, 60), np.abs(WALKS).max(axis=1), np.array([0, 2]), np.array([1, 0]), 1
    ),
    "thresholds.optimal": lambda: thresholds.optimal(1.0, 0.0, 1.0, [0.1, 0.2]),
    "thresholds.evaluate": lambda: thresholds.evaluate(1.0, 0.0, 1.0, 0.1, [1.0, 2.0], 0.0),
    "sweep.backtest": lambda: sweep.backtest(WALKS, [1.0, 1.5], 0.0, 1e-3, sweep.Rules(lookback=10)),
    "sweep.moments": lambda: sweep.moments(WALKS, 1.0, 0.0, 1e-3, sweep.Rules(lookback=10)),
    "sweep.accounts": lambda: sweep.accounts(WALKS, 1.0, 0.0, 1e-3, sweep.Rules(lookback=10), trades=True, path=True),
    "sweep.bar_returns": lambda: sweep.bar_returns(WALKS[0], [1.0, 1.5], 0.0, 1e-3, sweep.Rules(lookback=10)),
    "grid_check.check": lambda: grid_check.check(
        WALKS,
        threshold_grid.expand([1.0, 1.5], [0.0], [1e-3], [10]),
        scheme=grid_check.Scheme(resamples=99, n_blocks=2, n_folds=3, n_test_folds=1),
    ),
    "residuals.trade": lambda: residuals.trade(
        WALKS.T, factors=[1], window=[30], regression=[20], filters=residuals.Filters(min_dof=5)
    ),
    "residuals.panel": lambda: residuals.panel(WALKS.T, factors=1, window=30, regression=20, rows=[40]),
    "reversion.run_tests": lambda: reversion.run_tests(WALKS),
    "performance.figures": lambda: performance.figures(RETURNS.T),
}


def modules():
    return [
        importlib.import_module(found.name) for found in pkgutil.walk_packages(gpu_kernels.__path__, "gpu_kernels.")
    ]


def declared():
    """Return every Twins of the package, by the module that declares it and its name there."""
    return {
        f"{module.__name__}.{name}": value
        for module in modules()
        for name, value in vars(module).items()
        if isinstance(value, Twins)
    }


def leaves(found):
    """Yield the numbers, texts and arrays of a result."""
    if isinstance(found, tuple):
        for each in found:
            yield from leaves(each)
    else:
        yield found


@pytest.mark.parametrize("backend", ["numpy", pytest.param("native", marks=needs_compiler)])
@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_the_same_is_computed_where_a_carrier_takes_it(work, backend):
    carried = []

    def carrier(function, arguments):
        carried.append(function)
        function, arguments = pickle.loads(pickle.dumps((function, arguments)))
        return pickle.loads(pickle.dumps(function(*arguments)))

    with dispatch.using(backend):
        here = work()
    with dispatch.using(backend, 1, carrier):
        there = work()
    assert carried
    for ours, theirs in zip(leaves(here), leaves(there), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("twins", declared().values(), ids=declared())
def test_a_twin_is_a_function_of_the_module_named_after_it(twins):
    for kind in ("native", "device"):
        function = getattr(twins, kind)
        assert function is None or kind in function.__module__.rpartition(".")[2].split("_")
    for function in (twins.host, twins.native, twins.device):
        assert function is None or pickle.loads(pickle.dumps(function)) is function


OPERATIONS = sorted({*(name.partition(".")[0] for name in WORK), "pair_trading", "threshold_grid"})


def imports(path):
    """Return what a module imports by `from`: the name of each, with the last part of where it comes from."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        ((node.module or "").rpartition(".")[2], alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_module_of_an_operation_chooses_a_twin_by_itself(operation):
    for path in (PACKAGE / operation).glob("*.py"):
        found = {name for origin, name in imports(path) if origin == "dispatch"}
        launches = "native" in path.stem.split("_")
        allowed = (
            {"current", "in_parts"} if launches else {"Twins", "on_lanes"} if path.name == "online.py" else {"Twins"}
        )
        assert found <= allowed, path


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_launches_on_a_gpu_need_none_on_a_cpu(operation):
    for path in (PACKAGE / operation).glob("device.py"):
        assert not any("native" in pair for pair in imports(path)), path
