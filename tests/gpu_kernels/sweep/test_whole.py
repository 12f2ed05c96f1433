"""A series that is known whole is told of as the running backtest tells of it, bar by bar, to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import sweep
from gpu_kernels.dispatch import using
from gpu_kernels.errors import InvalidInput
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.sweep.single import options

EVERY_BACKEND = pytest.mark.parametrize("backend", ["numpy", pytest.param("native", marks=needs_compiler)])
HOUR_MS = 3_600_000


@st.composite
def runs(draw):
    mode = draw(st.sampled_from(sweep.MODES))
    cents = st.integers(50, 20_000) if mode == "compounding" else st.integers(-2_000, 2_000)
    prices = np.array(draw(st.lists(cents, min_size=1, max_size=60))) / 100
    entry_z = draw(st.floats(0.2, 2.0))
    levels = (entry_z, entry_z * draw(st.floats(-1.0, 0.99)), draw(st.sampled_from([0.0, 0.0005, 0.01])))
    hours = np.cumsum(draw(st.lists(st.integers(1, 30), min_size=prices.size, max_size=prices.size)))
    stamps = hours * HOUR_MS * np.array(draw(st.lists(st.booleans(), min_size=prices.size, max_size=prices.size)))
    rules = {
        "lookback": draw(st.integers(2, 6)),
        "execution_delay": draw(st.integers(0, 5)),
        "mode": mode,
        "initial_capital": draw(st.sampled_from([1.0, 250.0, 1e6])),
        "periods_per_year": draw(st.sampled_from([252.0, 12.0])),
        **draw(options(entry_z)),
    }
    return prices, levels, stamps.astype(np.int64), rules


@EVERY_BACKEND
@settings(max_examples=75, deadline=None)
@given(runs())
def test_every_bar_is_the_running_backtests(backend, run):
    prices, levels, stamps, rules = run
    running = sweep.OnlineBacktest(sweep.Rules(**rules))
    with using(backend):
        found = sweep.OnlineBacktest(sweep.Rules(**rules)).whole(prices, *levels, stamps)
    for bar, (price, stamp) in enumerate(zip(prices.tolist(), stamps.tolist(), strict=True)):
        running.update(price, *levels, stamp)
        for name, value in running.metric()._asdict().items():
            mine = getattr(found, name)[bar].item()
            mine = sweep.STATUSES[mine] if name == "status" else mine
            missing = name in {"zscore", "sharpe_std_error"} and np.isnan(mine) and np.isnan(value)
            assert mine == value or missing, (name, bar)


def test_nothing_is_taken():
    run = sweep.OnlineBacktest()
    run.whole(np.array([1.0, 2.0]), 1.0, 0.0, 0.0, np.zeros(2, dtype=np.int64))
    assert run.metric().bar_number == 0


@pytest.mark.parametrize(
    ("levels", "message"),
    [((-1.0, 0.0, 0.0), "entry_z must be"), ((1.0, 1.0, 0.0), "exit_z must be"), ((1.0, 0.0, -1.0), "cost must be")],
)
def test_a_level_that_breaks_a_rule_is_refused(levels, message):
    with pytest.raises(InvalidInput, match=message):
        sweep.OnlineBacktest().whole(np.array([1.0]), *levels, np.zeros(1, dtype=np.int64))
