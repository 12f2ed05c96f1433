"""A computation that is interrupted ends at its next step: between rounds in NumPy, and within launches of kernels."""

import threading
import time

import numpy as np
import pytest

from gpu_kernels import (
    cointegration,
    interruption,
    multiperiod,
    ou,
    pair_trading,
    performance,
    sweep,
    thresholds,
    weights,
)
from gpu_kernels.compile import library
from gpu_kernels.dispatch import using
from gpu_kernels.errors import Interrupted
from gpu_kernels.interruption import Cell, Interrupt
from gpu_kernels.launch import Count, Number, Threads, launch, pointer
from tests.gpu_kernels.native import needs_compiler

PATIENCE_S = 60
RNG = np.random.default_rng(4)
WALKS = 100.0 + np.cumsum(RNG.normal(size=(5, 80)), axis=1)
GAPS = np.where(RNG.random(WALKS.shape) < 0.1, np.nan, WALKS)
LATER = np.where(np.arange(80) < 3 * np.arange(5)[:, None], np.nan, 0.01 * RNG.normal(size=WALKS.shape))
STAMPS = np.arange(80) * 1_000 + RNG.integers(0, 400, 80)
RULES = sweep.Rules(lookback=10)
LOADS = RNG.normal(size=(8, 3))
MEANS, COVARIANCE = RNG.normal(size=8) * 0.01, LOADS @ LOADS.T + np.eye(8)


def irregular():
    online = ou.OnlineOu(time_unit_ms=1_000)
    online.extend(WALKS[0], STAMPS)
    return online.estimate()


STEPS = {
    "ou.fit, lags": (5, lambda: ou.fit(WALKS, adf_lags=6)),
    "ou.fit, gaps": (5, lambda: ou.fit(GAPS)),
    "ou.OnlineOu, times": (5, irregular),
    "cointegration.scan": (8, lambda: cointegration.scan(WALKS.T, lags=6)),
    "pair_trading.scan": (5, lambda: pair_trading.scan(WALKS.T, alpha=1.0, lookback=10)),
    "thresholds.optimal, kelly": (4, lambda: thresholds.optimal(1.0, 0.0, 1.0, [0.1, 0.2], objective="kelly")),
    "thresholds.optimal, leung_li": (
        5,
        lambda: thresholds.optimal(1.0, 0.0, 1.0, 0.1, objective="profit", model="leung_li", rate=0.1),
    ),
    "sweep.backtest": (80, lambda: sweep.backtest(WALKS, [1.0, 1.5], 0.0, 1e-3, RULES)),
    "sweep.accounts": (5, lambda: sweep.accounts(WALKS, 1.0, 0.0, 1e-3, RULES)),
    "performance.figures": (5, lambda: performance.figures(LATER)),
    "multiperiod.optimize, plan": (
        100,
        lambda: multiperiod.optimize(np.tile(MEANS, (6, 1)), COVARIANCE, transaction_cost=1e-3),
    ),
    "multiperiod.optimize, mpc": (
        300,
        lambda: multiperiod.optimize(np.tile(MEANS, (6, 1)), COVARIANCE, transaction_cost=1e-3, mode="mpc"),
    ),
    "weights.cara": (10, lambda: weights.cara(MEANS, COVARIANCE, gamma=1e-3, bounds=(-0.1, 0.3), leverage=1.2)),
    "weights.sharpe": (10, lambda: weights.sharpe(np.abs(MEANS), COVARIANCE, bounds=(-0.1, 0.3), leverage=1.2)),
}
"""By operation: the fewest steps of a request, and the request."""


class At(Interrupt):
    """An interrupt that is set at the n-th check; it counts them all."""

    def __init__(self, n):
        super().__init__()
        self.n, self.count = n, 0

    def check(self):
        self.count += 1
        if self.count == self.n:
            self.set()
        super().check()


@pytest.mark.parametrize("name", STEPS)
def test_numpy_checks_in_every_round_and_ends_at_any_of_them(name):
    fewest, ask = STEPS[name]
    ask()  # tables that are made once are made now
    every = At(0)
    with interruption.using(every):
        ask()
    assert every.count >= fewest
    for n in {1, 2, every.count // 2, every.count}:
        at = At(n)
        with interruption.using(at), pytest.raises(Interrupted):
            ask()
        assert at.count == n


def prices(n_series, n_bars):
    return 100.0 * np.exp(np.cumsum(0.001 * RNG.standard_normal((n_series, n_bars)), axis=1))


def many_pairs():
    n_pairs = 400_000
    walks, entry = prices(2, 500_000), np.linspace(0.5, 3.0, n_pairs)
    return lambda: sweep.backtest(walks, entry, np.zeros(n_pairs), np.zeros(n_pairs), RULES._replace(stop=4.0))


def a_grid():
    walks = prices(1, 4_000_000)
    entry, leave = (axis.ravel() for axis in np.meshgrid(np.linspace(0.6, 3.0, 1200), np.linspace(-0.5, 0.5, 600)))
    return lambda: sweep.backtest(walks, entry, leave, np.zeros(entry.size), RULES)


def a_plan():
    """Return one plan, which is one work item."""
    means = RNG.standard_normal((3000, 60)) * 0.01
    covariance = RNG.standard_normal((60, 60))
    covariance = covariance @ covariance.T / 60 + 0.1 * np.eye(60)
    return lambda: multiperiod.optimize(means, covariance, transaction_cost=1e-3, gamma=2.0)


class Launched(Interrupt):
    """An interrupt that says when a kernel is given its address."""

    def __init__(self):
        self.launched = threading.Event()
        super().__init__()

    @property
    def address(self):
        self.launched.set()
        return self._address

    @address.setter
    def address(self, value):
        self._address = value


@needs_compiler
@pytest.mark.parametrize("work", [many_pairs, a_grid, a_plan])
def test_a_launch_that_would_take_minutes_ends(work):
    ask, interrupt, ends = work(), Launched(), []

    def compute():
        with using("native", 2), interruption.using(interrupt):
            try:
                ask()
            except Interrupted:
                ends.append("interrupted")

    computing = threading.Thread(target=compute, daemon=True)
    computing.start()
    assert interrupt.launched.wait(PATIENCE_S)
    time.sleep(0.5)  # the kernel has begun
    interrupt.set()
    computing.join(PATIENCE_S)
    assert ends == ["interrupted"]


@needs_compiler
@pytest.mark.parametrize("threads", [1, 2])
def test_a_launch_that_is_interrupted_already_takes_no_item(threads):
    interrupt, rows = Interrupt(), np.full((11, 5), 7.0)
    interrupt.set()
    shape = map(Count, (*WALKS.shape, 0, WALKS.shape[1]))
    arguments = (*shape, pointer(WALKS), Number(0.0), Number(0.0), pointer(rows))
    with interruption.using(interrupt), pytest.raises(Interrupted):
        launch(library("ou").ou_sums, *arguments, threads=threads)
    assert (rows == 7.0).all()
    launch(library("ou").ou_sums, *arguments, threads=threads)
    assert not (rows == 7.0).any()


def test_a_copy_follows_the_flag_while_its_context_is_open():
    interrupt, before, after, late = Interrupt(), Cell(9), Cell(9), Cell(9)
    with interrupt.copied(before):
        assert before.value == 0
    with interrupt.copied(after):
        interrupt.set()
        assert after.value == 1
    with interrupt.copied(late):
        assert late.value == 1
    assert before.value == 0


def test_the_innermost_flag_is_looked_at_and_none_outside():
    outer, inner = Interrupt(), Interrupt()
    outer.set()
    interruption.check()
    with interruption.using(outer):
        with interruption.using(inner):
            interruption.check()
        with pytest.raises(Interrupted):
            interruption.check()
    assert interruption.current() is None


def test_a_kernel_takes_the_struct_that_the_header_declares():
    interrupt = Interrupt()
    held = Threads(3, interrupt.address)
    assert (held.count, held.interrupted) == (3, interrupt.address)
    assert Threads(1).interrupted is None
