"""The figures to reach on two cores, each beside its peer in one run: medians of interleaved rounds.

`make bench` runs it and prints the table; --out keeps it as JSON with commit, versions and machine.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np

from gpu_kernels import dispatch

# A peer's idle threads must sleep between its turns, not spin on the other's processor.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")

ROUNDS = 15
THREADS = 2


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        work: What is done.
        ours: Seconds of our run.
        peer: Name of the peer; "" where the target is a time.
        theirs: Seconds of the peer's run for the same work.
        target: Least ratio theirs / ours, or most seconds where there is no peer.
        note: What was scaled, or what else is to be said.
        unit: "s"; or "B", where bytes stand in place of seconds.
    """

    work: str
    ours: float
    peer: str
    theirs: float
    target: float
    note: str = ""
    unit: str = "s"

    @property
    def reached(self) -> bool:
        """Whether the target is reached."""
        return self.theirs / self.ours >= self.target if self.peer else self.ours <= self.target


Section = Callable[[], list[Row]]
SECTIONS: dict[str, Section] = {}


def section(make: Section) -> Section:
    """Register a function that measures some rows."""
    SECTIONS[make.__name__] = make
    return make


def seconds(*runs: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Time functions in turn, round after round; returns each one's median."""
    for run in runs:
        run()
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for run, taken in zip(runs, times, strict=True):
            began = time.perf_counter()
            run()
            taken.append(time.perf_counter() - began)
    return [statistics.median(taken) for taken in times]


def once(run: Callable[[], object]) -> float:
    """Time a slow peer once, warm."""
    run()
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def native(run: Callable[[], object], threads: int = THREADS) -> Callable[[], object]:
    """Return the same run with compiled kernels."""

    def compiled() -> object:
        with dispatch.using("native", threads):
            return run()

    return compiled


def main() -> int:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"some of: {', '.join(SECTIONS)}")
    parser.add_argument("--out", type=Path, help="folder for the JSON")
    chosen = parser.parse_args()
    tell([SECTIONS[name] for name in chosen.sections or SECTIONS], "targets", chosen.out)
    return 0


def tell(sections: Iterable[Section], name: str, out: Path | None) -> None:
    """Measure sections, print their rows, and keep them in a file of this name."""
    rows = []
    for measure in sections:
        found = measure()
        for row in found:
            print(line(row), flush=True)
        rows += found
    if out:
        out.mkdir(parents=True, exist_ok=True)
        path = out / f"{name}-{datetime.now(UTC):%Y-%m-%d}.json"
        path.write_text(json.dumps(document(rows), indent=1) + "\n", encoding="utf-8")
        print(f"kept in {path}")
    short = [row for row in rows if not row.reached]
    print(f"{len(rows) - len(short)} of {len(rows)} reached")


def line(row: Row) -> str:
    """Return a row as text."""
    amount = memory if row.unit == "B" else span
    beside = f"at most {amount(row.target)}"
    if row.peer:
        beside = f"{row.peer} {amount(row.theirs)}: {row.theirs / row.ours:,.3g}x of {row.target:,.3g}x"
    return f"{'reached' if row.reached else 'SHORT  '}  {row.work:58} {amount(row.ours):>10}  {beside}  {row.note}"


def memory(held: float) -> str:
    """Return bytes in a unit of their size."""
    return f"{held / 2**20:.3g} MiB" if abs(held) >= 2**20 else f"{held / 2**10:.3g} KiB"


def span(taken: float) -> str:
    """Return seconds in a unit of their size."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "us")):
        if taken * factor >= 1:
            return f"{taken * factor:.3g} {unit}"
    return f"{taken * 1e9:.3g} ns"


def document(rows: list[Row]) -> dict[str, object]:
    """Return the table with what it was measured on."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    ours = ("numpy", "grpcio", "protobuf", "uvloop")
    packages = (
        *ours,
        "numba",
        "vectorbt",
        "statsmodels",
        "scikit-learn",
        "PyPortfolioOpt",
        "clarabel",
        "skfolio",
        "cvxportfolio",
    )
    facts = Path("/proc/cpuinfo").read_text()
    names = [entry.partition(":")[2].strip() for entry in facts.splitlines() if entry.startswith("model name")]
    return {
        "commit": commit,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "cpu": names[0] if names else platform.machine(),
        "vectors": "AVX-512" if "avx512f" in facts else "AVX2" if "avx2" in facts else "",
        "threads": THREADS,
        "rows": [{**row._asdict(), "reached": row.reached} for row in rows],
    }


@section
def sweeps() -> list[Row]:
    import vectorbt

    import bench.bench_sweep as small
    from bench.numba_sweep import sweep as fused
    from gpu_kernels import sweep

    rng = np.random.default_rng(0)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (100, 2_500)), axis=1))
    entry, leave = (
        grid.ravel() for grid in np.meshgrid(np.linspace(1, 3, 10), np.linspace(-0.5, 0.5, 10), indexing="ij")
    )
    cost = np.full(100, 1e-3)
    steps = prices.size * entry.size
    rows = []
    for mode, speed in (("compounding", 1.0e9), ("unit", 1.8e9)):

        def ours(mode: str = mode) -> sweep.SweepMetrics:
            return sweep.backtest(prices, entry, leave, cost, sweep.Rules(mode=mode))

        def theirs(mode: str = mode) -> np.ndarray:
            return fused(prices, entry, leave, cost, 20, 1, mode == "compounding")

        with dispatch.using("native", THREADS):
            metrics = ours()
        np.testing.assert_allclose(theirs()[:, :, 0], metrics.equity, rtol=1e-9)
        np.testing.assert_array_equal(theirs()[:, :, 7], metrics.num_trades)
        both, alone, numba = seconds(native(ours), native(ours, 1), theirs)
        slow = once(ours)
        work = f"sweep 100 x 2,500 x 100, {mode}"
        rows += [
            Row(work, both, "Numba fused, parallel", numba, 3),
            Row(work, both, "numpy backend", slow, 40),
            Row(f"{work}, bar-steps a core", alone, "", 0.0, steps / speed, f"{steps / alone / 1e9:.2f} G/s"),
        ]
    orders = once(lambda: small.by_vectorbt_orders(vectorbt))
    share = small.N_SERIES * small.N_BARS * small.ENTRY_Z.size / steps
    [mine] = seconds(native(lambda: sweep.backtest(prices, entry, leave, cost)))
    scaled = "vectorbt's 20 x 1,000 x 25 scaled to the same bar-steps"
    rows.append(
        Row("sweep 100 x 2,500 x 100, compounding", mine, "vectorbt from_orders", orders / share, 1_000, scaled)
    )
    return rows


@section
def large_sweeps() -> list[Row]:
    from bench import bench_sweep as small
    from gpu_kernels import sweep

    rng = np.random.default_rng(5)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (20, 2_500)), axis=1))
    levels = np.linspace(1.0, 3.0, 100), np.linspace(-0.5, 0.5, 100)
    entry, leave = (grid.ravel() for grid in np.meshgrid(*levels, indexing="ij"))
    series = 100 * np.exp(np.cumsum(rng.normal(0, 1e-3, (1, 1_000_000)), axis=1))
    few = np.linspace(1.5, 2.5, 4)
    rows = []
    for mode, least in (("compounding", 4.5), ("unit", 3.5)):
        fast, dense = seconds(
            native(lambda mode=mode: sweep.backtest(prices, entry, leave, 1e-3, sweep.Rules(mode=mode))),
            _dense(native(lambda mode=mode: sweep.backtest(prices, entry, leave, 1e-3, sweep.Rules(mode=mode))), small),
            rounds=3,
        )
        rows.append(Row(f"sweep 20 x 2,500 x (100 x 100), {mode}", fast, "dense kernel", dense, least))
        cut, whole = seconds(
            native(lambda mode=mode: sweep.backtest(series, few, 0.0, 1e-5, sweep.Rules(mode=mode))),
            _dense(native(lambda mode=mode: sweep.backtest(series, few, 0.0, 1e-5, sweep.Rules(mode=mode)), 1), small),
            rounds=3,
        )
        rows.append(Row(f"sweep 1 x 1e6 x 4, {mode}", cut, "dense kernel, one thread", whole, 1.8))
    return rows


def _dense(run: Callable[[], object], small: ModuleType) -> Callable[[], object]:
    def alone() -> object:
        with small.whole_series_a_lane():
            return run()

    return alone


@section
def pairs() -> list[Row]:
    from statsmodels.tsa.stattools import coint

    from gpu_kernels import cointegration as pairs_

    rng = np.random.default_rng(6)
    prices = np.cumsum(rng.normal(size=(1_258, 100)), axis=0)
    large = np.cumsum(rng.normal(size=(2_520, 1_000)), axis=0)
    fixed, chosen = seconds(
        native(lambda: pairs_.scan(prices)), native(lambda: pairs_.scan(prices, autolag="aic", max_lags=5))
    )
    [whole] = seconds(native(lambda: pairs_.scan(large)), rounds=3)
    some = [(i, i + 1) for i in range(40)]
    share = 100 * 99 / len(some)
    one = share * once(lambda: [coint(prices[:, i], prices[:, j], maxlag=1, autolag=None) for i, j in some])
    aic = share * once(lambda: [coint(prices[:, i], prices[:, j], maxlag=5, autolag="aic") for i, j in some])
    scaled = "statsmodels on 40 pairs, scaled to 9,900"
    return [
        Row("pairs 100 x 1,258, lag 1, both directions", fixed, "", 0.0, 15e-3),
        Row("pairs 100 x 1,258, lag 1, both directions", fixed, "statsmodels coint", one, 300, scaled),
        Row("pairs 100 x 1,258, lag by AIC <= 5", chosen, "statsmodels coint", aic, 2_000, scaled),
        Row("pairs 1,000 x 2,520, lag 1, both directions", whole, "", 0.0, 0.7),
    ]


@section
def estimates() -> list[Row]:
    from statsmodels.tsa.ar_model import AutoReg
    from statsmodels.tsa.stattools import adfuller

    from gpu_kernels import ou
    from meanrev_server.handlers.estimate_ou_params import encoded
    from meanrev_wire import codec
    from meanrev_wire.meanrev_pb2 import PriceUpdate

    rng = np.random.default_rng(1)
    noise = rng.normal(size=(1_000, 1_000))
    prices = np.empty_like(noise)
    prices[:, 0] = 100.0
    for t in range(1, 1_000):
        prices[:, t] = 100 + 0.95 * (prices[:, t - 1] - 100) + noise[:, t]
    kernel, twin = seconds(native(lambda: ou.fit(prices)), lambda: ou.fit(prices))
    [lagged] = seconds(native(lambda: ou.fit(prices, adf_lags=1)))
    autoreg = 10 * once(lambda: [AutoReg(series, lags=1).fit() for series in prices[:100]])
    adf = 10 * once(lambda: [adfuller(series, maxlag=1, autolag=None, result_object=False) for series in prices[:100]])
    scaled = "statsmodels on 100 series, times 10"
    values = prices[1].tolist()

    def ticks(backend: str) -> Callable[[], None]:
        with dispatch.using(backend):
            stream = ou.OnlineOu()
        stream.extend(prices[0])

        def run() -> None:
            for value in values:
                stream.update(value)
                stream.estimate()

        return run

    messages = [codec.encode(PriceUpdate, asset_id="EURUSD", price=value, timestamp_ms=1) for value in values]
    with dispatch.using("native"):
        answered = ou.OnlineOu()
    answered.extend(prices[0])

    def replies() -> None:
        for message in messages:
            update = codec.decode(PriceUpdate, message)
            answered.update(update.price, update.timestamp_ms)
            encoded(answered.estimate(), update.asset_id, update.timestamp_ms, "")

    compiled, plain, through = seconds(ticks("native"), ticks("numpy"), replies)
    return [
        Row("ou fit 1,000 x 1,000", kernel, "statsmodels AutoReg", autoreg, 1_000, scaled),
        Row("ou fit 1,000 x 1,000, numpy backend", twin, "statsmodels AutoReg", autoreg, 40, scaled),
        Row("ou fit with ADF lag 1, 1,000 x 1,000", lagged, "statsmodels adfuller", adf, 200, scaled),
        Row("a price on a stream: update and estimate", compiled / 1_000, "", 0.0, 3e-6),
        Row("the same in Python", plain / 1_000, "", 0.0, 10e-6, "where there is no compiler, and with a window"),
        Row("the same with decoding and encoding", through / 1_000, "", 0.0, 6e-6),
    ]


@section
def optimal() -> list[Row]:
    from gpu_kernels import thresholds

    rng = np.random.default_rng(2)
    theta, cost = rng.uniform(0.1, 10, 1_000), rng.uniform(0.01, 0.1, 1_000)
    profit, sharpe = seconds(
        lambda: thresholds.optimal(theta, 0.0, 1.0, cost, objective="profit"),
        lambda: thresholds.optimal(theta, 0.0, 1.0, cost, objective="sharpe"),
    )
    return [
        Row("optimal thresholds, 1,000 sets, profit", profit, "", 0.0, 2e-3, "numpy twin, one thread"),
        Row("optimal thresholds, 1,000 sets, sharpe", sharpe, "", 0.0, 20e-3, "numpy twin, one thread"),
    ]


@section
def portfolios() -> list[Row]:
    from pypfopt import EfficientFrontier
    from sklearn.decomposition import PCA
    from threadpoolctl import threadpool_limits

    from bench.bench_multiperiod import cvxportfolio_backtest, ours_small
    from bench.bench_weights import of_returns_by_skfolio
    from gpu_kernels import moments, pca, weights

    rng = np.random.default_rng(3)
    returns = rng.normal(size=(2_500, 500)) * 0.01 + rng.normal(size=(2_500, 1)) * 0.01
    # One thread of BLAS for both, as the server has beside another computation: the peer leaves spinning ones behind.
    with threadpool_limits(1, user_api="blas"):
        ours, learn = seconds(
            lambda: pca.fit(returns, n_components=10),
            lambda: PCA(n_components=10, svd_solver="covariance_eigh").fit_transform(returns),
        )
    panels = [rng.normal(5e-4, 0.01, (1_000, 100)) @ (np.eye(100) + 0.05) for _ in range(100)]

    def tangency(panel: np.ndarray) -> np.ndarray:
        with dispatch.using("native"):
            found = moments.covariance(panel)
            return weights.sharpe(found.mean, found.matrix).weights

    def by_pypfopt() -> None:
        for panel in panels[:3]:
            EfficientFrontier(panel.mean(axis=0), np.cov(panel.T), weight_bounds=(-1, 1)).max_sharpe(risk_free_rate=0.0)

    earned = [panels[0] @ found for found in (tangency(panels[0]), of_returns_by_skfolio(panels[0], "budget"))]
    np.testing.assert_allclose(*(each.mean() / each.std() for each in earned), rtol=1e-4)
    # A problem a thread, as calls that come together, and BLAS as the server limits it.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(THREADS) as pool:
        alone, together = seconds(lambda: [tangency(panel) for panel in panels], lambda: [*pool.map(tangency, panels)])
    their_tangency = once(by_pypfopt) / 3 * 100
    skfolio_tangency = once(lambda: [of_returns_by_skfolio(panel, "budget") for panel in panels[:3]]) / 3 * 100
    [plan] = seconds(native(ours_small))
    days = cvxportfolio_backtest()
    estimate = moments.covariance(panels[0])

    def frontier() -> EfficientFrontier:
        return EfficientFrontier(estimate.mean, estimate.matrix)

    def utility() -> object:
        return weights.cara(estimate.mean, estimate.matrix, mode="long_only")

    def ratio() -> object:
        return weights.sharpe(estimate.mean, estimate.matrix, mode="long_only")

    cara, sharpe, their_cara, their_sharpe = seconds(
        native(utility, 1),
        native(ratio, 1),
        lambda: frontier().max_quadratic_utility(risk_aversion=1.0),
        lambda: frontier().max_sharpe(risk_free_rate=0.0),
    )
    work = "tangency, 100 of N = 100, T = 1,000"
    return [
        Row("pca 2,500 x 500, 10 components", ours, "scikit-learn covariance_eigh", learn, 1.2, "one BLAS thread each"),
        Row(work, together, "PyPortfolioOpt", their_tangency, 30, "3 of 100, scaled; ours on two threads"),
        Row(work, alone, "PyPortfolioOpt", their_tangency, 30, "3 of 100, scaled; ours on one thread"),
        Row(work, together, "skfolio", skfolio_tangency, 30, "3 of 100, scaled; ours on two threads"),
        Row("long-only sharpe, N = 100", sharpe, "PyPortfolioOpt max_sharpe", their_sharpe, 100),
        Row("long-only utility, N = 100", cara, "PyPortfolioOpt quadratic utility", their_cara, 30),
        Row("a plan, H = 3, N = 10", plan, "cvxportfolio", float(np.nanmedian(days)), 20, "its policy's part of a day"),
    ]


_IMPORT = "import time; began = time.perf_counter(); import meanrev; print(time.perf_counter() - began)"


@section
def wire() -> list[Row]:
    from meanrev_wire import codec
    from meanrev_wire.meanrev_pb2 import PcaRequest

    values = np.random.default_rng(4).normal(size=(1_000, 100))
    message = codec.encode(PcaRequest, returns_matrix=values)

    def many(run: Callable[[], object]) -> Callable[[], None]:
        return lambda: [run() for _ in range(100)][:0] and None

    decode, encode, copy = seconds(
        many(lambda: codec.matrix(codec.decode(PcaRequest, message).returns_matrix, "m")),
        many(lambda: codec.encode(PcaRequest, returns_matrix=values)),
        many(lambda: bytearray(message)),
    )
    imported = [
        float(
            subprocess.run(
                [
                    sys.executable,
                    "-c",
                    "import time; a = time.perf_counter(); import meanrev; print(time.perf_counter() - a)",
                ],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for _ in range(ROUNDS)
    ]
    return [
        Row("decode 1e5 doubles", decode / 100, "memcpy", copy / 100, 1 / 2.5),
        Row("encode 1e5 doubles", encode / 100, "memcpy", copy / 100, 1 / 1.5),
        Row("import meanrev", statistics.median(imported), "", 0.0, 30e-3),
    ]


@section
def queue() -> list[Row]:
    from bench.bench_launcher import through_asyncio, through_the_launcher

    pairs = [(through_the_launcher(), through_asyncio()) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(each) for each in zip(*pairs, strict=True))
    note = f"{span(ours)} against asyncio's run_in_executor {span(theirs)}"
    return [Row("batcher: added to a lone computation", ours - theirs, "", 0.0, 50e-6, note)]


if __name__ == "__main__":
    sys.exit(main())
