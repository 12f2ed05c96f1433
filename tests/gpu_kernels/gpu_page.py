"""Writes docs/gpu.md from the code: `PYTHONPATH=. python -m tests.gpu_kernels.gpu_page`.

Every operation and every method is called. What each Twins chooses is asked of the code itself, for a server whose
backend is a GPU with the CPU's lanes beside it, and what crosses to the GPU is counted on the stand-in for CuPy.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from gpu_kernels import backend, cointegration, dispatch, ou, pca, reversion, sweep
from gpu_kernels.dispatch import FEWEST_ON_DEVICE, Selection, Twins
from meanrev_server.app import App
from meanrev_server.config import Settings
from meanrev_server.research import reversion_columns
from meanrev_server.research.columns import _MOST_COLUMNS
from meanrev_server.research.tasks import backtest
from meanrev_wire import codec
from meanrev_wire import meanrev_pb2 as wire
from tests.gpu_kernels.samples import RETURNS, WALKS
from tests.gpu_kernels.stand_in import Traffic, emulated_gpu
from tests.gpu_kernels.test_twins import WORK
from tests.requests.jobs import NEEDS_A_JOB
from tests.server import making
from tests.server.cases import CASES, method_of
from tests.server.research import chunks
from tests.server.test_announced import answered, case

__all__ = ["OPERATIONS", "PAGE", "REQUESTS", "Ran", "chosen", "page", "server", "traffic"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "gpu.md"
PLACES = {"device": "GPU", "native": "lanes", "host": "NumPy"}
NOWHERE = "no kernel"
GAPS = np.where(np.arange(60) == 30, np.nan, WALKS)
BY_WINDOW = sweep.Rules(lookback=10)
GRID = [grid.ravel() for grid in np.meshgrid(np.linspace(0.5, 2.0, 30), np.linspace(-0.4, 0.4, 30))]

OPERATIONS = WORK | {
    "ou.fit, jackknife and lags": lambda: ou.fit(WALKS, bias="jackknife", adf_lags=2),
    "sweep.backtest, missing bars": lambda: sweep.backtest(GAPS, [1.0], 0.0, 1e-3, BY_WINDOW),
    "sweep.backtest, stop and borrow": lambda: sweep.backtest(
        WALKS, [1.0], 0.0, 1e-3, sweep.Rules(lookback=10, stop=3.0, borrow=0.01)
    ),
    "sweep.backtest, scores of a fit": lambda: sweep.backtest(WALKS, [1.0], 0.0, 1e-3, sweep.Rules(score="online")),
    "sweep.backtest, a grid of 900 pairs": lambda: sweep.backtest(WALKS, *GRID, 1e-3, BY_WINDOW),
    "cointegration.scan, lags by AIC": lambda: cointegration.scan(WALKS.T, autolag="aic", max_lags=3),
    "cointegration.scan, 33 lags": lambda: cointegration.scan(np.tile(WALKS, 3).T, lags=33),
    "reversion.run_tests, 33 lags": lambda: reversion.run_tests(np.tile(WALKS, 3), adf_lags=33),
    "pca.fit, some components": lambda: pca.fit(RETURNS, n_components=2),
}
"""Calls of the operations, by name and by the options that matter for where they run."""


GROUPED = {"Backtest": backtest._ENTRIES_AT_ONCE, "RunTests": reversion_columns.ENTRIES_AT_ONCE}
"""Most prices that a method fits at once."""


class Ran(NamedTuple):
    """Where an operation of a request ran.

    Attributes:
        operation: Its package.
        place: One of the values of PLACES.
    """

    operation: str
    place: str


@contextmanager
def chosen(fewest: int) -> Iterator[list[Ran]]:
    """Record what a GPU server would choose for each call of Twins.run, and have the NumPy twin compute it.

    Args:
        fewest: Bar-steps below which a request counts as small.
    """
    found: list[Ran] = []
    choose = Twins._chosen

    def record(self, _, arguments):
        function = choose(self, Selection("cuda", lanes=True), arguments)
        kind = next(kind for kind in PLACES if getattr(self, kind) is function)
        ran = Ran(self.host.__module__.split(".")[1], PLACES[kind])
        if ran not in found:
            found.append(ran)
        return self.host

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Twins, "_chosen", record)
        patch.setattr(dispatch, "FEWEST_ON_DEVICE", fewest)
        yield found


@contextmanager
def server(fewest: int = 0) -> Iterator[tuple[App, Any]]:
    """Yield a server that computes on the stand-in, in threads of this process, and the stand-in.

    Args:
        fewest: Bar-steps below which the lanes compute a request; 0 has the GPU compute all that it can.
    """
    with emulated_gpu() as stand, pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatch, "FEWEST_ON_DEVICE", fewest)
        backend._cuda.cache_clear()
        try:
            yield App(Settings(backend="cuda", worker="thread", compute_threads=1, kernel_threads=1)), stand
        finally:
            backend._cuda.cache_clear()


def walk(n_rows, n_columns):
    """Return prices that revert to 100, so that a scan finds pairs among them."""
    draws = np.random.default_rng(n_rows * n_columns).normal(0, 1, (n_rows, n_columns))
    deviation = np.zeros(n_columns)
    return 100 + np.array([deviation := 0.9 * deviation + draw for draw in draws])


def matrix(n_rows, n_columns, **options):
    return [one.SerializeToString() for one in chunks(walk(n_rows, n_columns), total=n_rows, **options)]


def components(n_rows, n_columns, **options):
    return [codec.encode(wire.PcaRequest, returns_matrix=walk(n_rows, n_columns) - 100, **options)]


class Request(NamedTuple):
    """A request of which launches and copies are counted.

    Attributes:
        method: Of the service.
        shape: Rows and columns.
        options: Those of the request, as the page names them.
        messages: What is sent.
    """

    method: str
    shape: tuple[int, int]
    options: str
    messages: list[bytes]


def _request(method, shape, make=matrix, **options):
    return Request(method, shape, json.dumps(options) if options else "", make(*shape, **options))


REQUESTS = (
    _request("FitOu", (50, 20)),
    _request("FitOu", (50, 20), bias="jackknife", adf_lags=2),
    _request("FitOu", (50, 20), tests=["adf", "pp", "kpss", "dfgls", "hurst"]),
    _request("SweepThresholds", (100, 4), entry=[1.0, 1.5, 2.0], lookback=[20]),
    _request("SweepThresholds", (100, 4), entry=[1.0, 1.5, 2.0], lookback=[10, 20, 30]),
    _request("SweepThresholds", (200, 4), entry=[1.0, 1.5], lookback=[20], train=80, test=40),
    _request("ScanPairs", (200, 10), lookback=10),
    _request("ScanPairs", (200, 20), lookback=10),
    _request("RunTests", (50, 20)),
    _request("Backtest", (100, 5), entry=1.5, exit=0.3, lookback=10),
    _request("PcaPortfolios", (80, 40), components),
    _request("PcaPortfolios", (80, 40), components, n_components=3),
)


def traffic(request: Request) -> Traffic:
    """Return what a request asks of a GPU that computes all that it can."""
    with server() as (app, stand):
        asyncio.run(answered(app, request.method, request.messages))  # tables are made
        stand.forget()
        asyncio.run(answered(app, request.method, request.messages))
        return stand.traffic


def _words(found: list[Ran], own: str) -> str:
    if not found:
        return NOWHERE
    return ", ".join(ran.place if ran.operation == own else f"{ran.operation}: {ran.place}" for ran in found)


def _operations() -> Iterator[str]:
    yield "| call | small | large |"
    yield "|---|---|---|"
    for name in sorted(OPERATIONS):
        words = []
        for fewest in (2**62, 0):
            with chosen(fewest) as found:
                OPERATIONS[name]()
            words.append(_words(found, name.partition(".")[0]))
        call, _, options = name.partition(", ")
        yield f"| `{call}`{', ' + options if options else ''} | {' | '.join(words)} |"


def _methods() -> Iterator[str]:
    yield "| method | small | large |"
    yield "|---|---|---|"
    app = App(Settings(backend="numpy"))
    for name, (_, own) in CASES.items():
        if method_of(name) in NEEDS_A_JOB:  # the case computes one before
            yield f"| {name} | {NOWHERE} | {NOWHERE} |"
            continue
        words, never = [], GROUPED.get(name, FEWEST_ON_DEVICE) < FEWEST_ON_DEVICE
        for fewest in (2**62, 2**62 if never else 0):
            with chosen(fewest) as found, pytest.MonkeyPatch.context() as patch:
                patch.setattr(making, "RNG", np.random.default_rng(7))  # whether pairs are found depends on it
                asyncio.run(case(app, name, own[0]))
            words.append(_words(found, ""))
        yield f"| {name} | {' | '.join(words)} |"


def _crossings() -> Iterator[str]:
    yield "| request | rows x columns | launches | bytes up, in copies | bytes down, in copies |"
    yield "|---|---|---|---|---|"
    for request in REQUESTS:
        found = traffic(request)
        launches = ", ".join(f"{count} `{entry}`" for entry, count in found.launches.items()) or "none"
        name = f"{request.method} `{request.options}`" if request.options else request.method
        shape = "{} x {}".format(*request.shape)
        up, down = f"{found.bytes_up:,} in {found.copies_up}", f"{found.bytes_down:,} in {found.copies_down}"
        yield f"| {name} | {shape} | {launches} | {up} | {down} |"


def page() -> str:
    """Return the page."""
    parts = {"OPERATIONS": _operations, "METHODS": _methods, "CROSSINGS": _crossings}
    numbers = {"FEWEST": FEWEST_ON_DEVICE, "COLUMNS": _MOST_COLUMNS, "ROWS": -(-FEWEST_ON_DEVICE // _MOST_COLUMNS)}
    text = TEXT
    for name, number in numbers.items():
        text = text.replace(name, f"{number:,}")
    for name, lines in parts.items():
        text = text.replace(f"<{name}>", "\n".join(lines()))
    return text


TEXT = """# What runs on a GPU

With the backend `cuda` a server computes on the GPU what is large enough for it, and the rest on the lanes of its
CPU. This page lists both, operation by operation and method by method. It is generated: `python -m
tests.gpu_kernels.gpu_page` asks the code what it would choose, and counts launches and copies on a stand-in for
CuPy that runs the kernels' code for GPUs on a CPU. A test compares the page with the code. **No figure on this page
is a time**: nothing has been measured on a GPU so far, and `make gpu` measures it where there is one.

- **GPU**: a kernel of ours through CuPy, or cuBLAS and cuSOLVER.
- **lanes**: the same kernel on the vector lanes of the CPU. Where no C++ compiler and no built library is at hand,
  such a request goes to the GPU where it has a twin there, and to NumPy otherwise.
- **NumPy**: the operation has no kernel, or none for these options.
- **no kernel**: one pass over few numbers, or the state of a stream, in the serving process.

A request is small if it takes fewer than FEWEST bar-steps: prices times threshold pairs of a sweep, prices of a
fit, prices times columns of a scan, and rows times columns times the smaller of the two for components. This limit
is an estimate of where copies and launches take longer than the lanes do.

## Operations

<OPERATIONS>

## Methods

An operation that a method uses stands before the place where it runs. SubmitJob is that of a job of FitOu; a job
runs where its method does.

<METHODS>

FitOu, RunTests and the tests of FitOu go through a matrix in groups of at most COLUMNS columns, each of which is a
request. So theirs are large from ROWS rows on, however many columns there are, and the fits of Backtest never are.

## What crosses to the GPU

Launches by kernel, and copies between the host and the device with their bytes, of requests that the GPU is made to
compute whatever their size. Large requests go in parts of at least 8 MiB, each with such launches and copies of its
own.

<CROSSINGS>

What to read from it:

- A scan brings the statistic of every pair to the host, 8 bytes, because q-values need the p-values of all pairs, and
  three more figures of those that pass. Tiles of a block with itself come down from the diagonal on: 4.3 MB for 1,000
  names, and 24 bytes a pair that passes. `cointegration.scan` alone brings ten figures of every directed pair down.
- A sweep uploads the prices again for each lookback, for the moments of the best cells, and for each window.
- Small FitOu requests that wait at the same time share their launches, if they have as many rows and the same
  options: 64 of them take 4 launches. They do so where a GPU would compute each of them alone too, so that an answer
  does not depend on its company; while the lanes are beside a GPU, small fits stay there. Other methods do not share.
- A stack of matrices goes to cuSOLVER one by one.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
