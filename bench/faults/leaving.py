"""Rows 3.9 to 3.21: callers that leave while their work is computed, and work that others would wait for."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
import numpy as np

from bench.faults.requests import LARGE, table
from bench.faults.rows import MIB, Figure, attack
from bench.faults.trial import Trial, seconds_until
from meanrev_wire import codec, meanrev_pb2, research_pb2
from tests.faults.test_callers_gone import WALKS, portfolio
from tests.faults.test_callers_gone import plan as plans
from tests.faults.test_demands import plan
from tests.faults.test_short_calls import SWEEP
from tests.faults.test_short_calls import WALKS as SMALL
from tests.faults.watched_server import Server
from tests.server import research
from tests.server.serving import SERVICE

GONE = "tests/faults/test_callers_gone.py::test_a_cancelled_computation_ends"
ROOM = {"max_work_in_flight": 2**50, "max_bytes_in_flight": 4096 * MIB, "max_matrix_bytes": 2048 * MIB}
CHECKS = "`launcher`, `gpu_kernels/interruption.py`"


def long_only() -> Iterator[bytes]:
    """Return a long-only portfolio of 4,000 assets."""
    returns = np.random.default_rng(2).normal(size=(60, 4000))
    return iter([codec.encode(meanrev_pb2.OptimizationInput, returns=returns, metadata='{"mode": "long_only"}')])


def sweep_of(walks: Any) -> Iterator[bytes]:
    """Return a sweep that takes long, and whose answer is small enough to be admitted."""
    few = {"lookback": [20], "cost": [1e-4], "figures": ["sharpe_ratio"]}
    return iter(table(walks, **{**SWEEP, **few}))


def repeated(message: Any) -> Iterator[bytes]:
    """Return the same portfolio again and again."""
    return iter([message.SerializeToString()] * 200)


_PATIENCE_S = 5

Requests = dict[str, tuple[str, str, str, Callable[[], Iterable[bytes]]]]
COMPUTED: Requests = {
    "3.9": ("MultiperiodOptimize", "a plan made anew in each of 8,000 periods", "numpy", lambda: [_bytes(plans())]),
    "3.10": ("MultiperiodOptimize", "a plan made anew in each of 8,000 periods", "native", lambda: [_bytes(plans())]),
    "3.11": ("MultiperiodOptimize", "one plan of 2,000 periods of 200 assets", "native", lambda: [plan(2_000, 200)]),
    "3.12": ("CaraOptimalWeights", "bounded weights of 1,200 assets", "native", lambda: repeated(portfolio())),
    "3.13": ("SharpeOptimalWeights", "bounded weights of 1,200 assets", "native", lambda: repeated(portfolio())),
    "3.14": ("CaraOptimalWeights", "long-only weights of 4,000 assets", "native", long_only),
    "3.15": ("SweepThresholds", "a sweep of 100 columns", "native", lambda: sweep_of(SMALL)),
    "3.16": ("SweepThresholds", "a sweep of 100 columns", "numpy", lambda: sweep_of(SMALL)),
    "3.17": ("ScanPairs", "a scan of 600 columns", "native", lambda: table(WALKS, 500, alpha=1.0, lags=20)),
    "3.18": ("FitOu", "fits with 100 lags of 600 columns", "native", lambda: table(WALKS, 500, adf_lags=100)),
}


def _bytes(message: Any) -> bytes:
    return bytes(message.SerializeToString())


def left(method: str, backend: str, messages: Callable[[], Iterable[bytes]]) -> Iterator[Figure]:
    """Leave three times while a request is computed, and measure how long it goes on."""
    service = research.SERVICE if method in research.METHODS else SERVICE
    with (
        Trial(compute_threads=1, backend=backend, **ROOM) as trial,
        grpc.insecure_channel(trial.address, LARGE) as channel,
    ):
        after = []
        for wait_s in (0.5, 0.8, 1.1):
            call = channel.stream_stream(service + method)(iter(messages()), timeout=100)
            assert seconds_until(lambda: trial.server.ask("busy"), 30) < 30, "it was never computed"
            time.sleep(wait_s)
            # Honest calls are computed too; a computation of a millisecond is not seen twice in a row.
            assert any(trial.server.ask("busy") for _ in range(20)) or call.is_active(), "it had ended"
            call.cancel()
            after.append(seconds_until(lambda: not any(trial.server.ask("busy") for _ in range(3)), _PATIENCE_S))
            if after[-1] > _PATIENCE_S:
                break
        yield Figure("computation ended after, of three", 1e3 * max(after), "ms", 100)
        yield from trial.figures()


for number, (method, what, backend, messages) in COMPUTED.items():
    attack(
        number,
        f"{method}: the caller of {what} leaves (backend {backend})",
        "computation ends within 100 ms",
        defence=CHECKS,
        test=GONE,
        settings="`compute_threads` = 1, `max_bytes_in_flight` = 4 GiB, any work",
    )(partial(left, method, backend, messages))


@attack(
    "3.19",
    "the caller of PublishPrices leaves while 100,000 names are checked",
    "computation ends within 100 ms",
    defence=CHECKS,
    test=GONE,
)
def names() -> Iterator[Figure]:
    request = research_pb2.PublishPricesRequest(asset_ids=[f"{i}" for i in range(100_000)], prices=[1.0] * 100_000)
    yield from left_once("PublishPrices", request.SerializeToString())


def left_once(method: str, data: bytes) -> Iterator[Figure]:
    """Leave a short computation while it runs."""
    with Trial(backend="native") as trial, grpc.insecure_channel(trial.address) as channel:
        call = channel.unary_unary(research.SERVICE + method).future(data, timeout=60)
        seconds_until(lambda: trial.server.ask("busy"), 0.2)
        call.cancel()
        after = seconds_until(lambda: not any(trial.server.ask("busy") for _ in range(3)), 20)
        yield Figure("computation ended after", 1e3 * after, "ms", 100)
        yield from trial.figures()


@attack(
    "3.20",
    "two legal jobs of 8 * 10^11 steps each",
    "honest callers are answered, half of them within 50 ms",
    defence="`server/meanrev_server/shares.py`: a thread for short calls",
    test="tests/faults/test_short_calls.py::test_short_calls_are_answered_beside_two_huge_jobs",
    settings="`backend` = native",
)
def two_jobs() -> Iterator[Figure]:
    settings = {"backend": "native", "max_result_bytes": 2**36, "max_bytes_in_flight": 2**32}
    with Trial(**settings) as trial, research.Research(trial.address) as ask:
        for cost in (1e-3, 2e-3):
            grid = {**SWEEP, "cost": [cost]}
            ask("SubmitJob", research.chunks(SMALL, 500, total=len(SMALL), method="SweepThresholds", **grid))
        time.sleep(6)
        yield Figure("computations at work after 6 s", trial.server.ask("busy"), least=1)
        seen = trial.finish()
        yield Figure("median honest call", 1e3 * seen.median_s, "ms", 50)
        yield from trial.figures()


TOKENS = {"alice": "a" * 40, "bob": "b" * 40}


@attack(
    "3.21",
    "12 calls of alice wait, each of about half a second, and then one of bob",
    "bob's is the second or third computation that ends, not the 13th",
    defence="`server/meanrev_server/turns.py`",
    test="tests/faults/test_short_calls.py::test_research_of_callers_takes_turns",
    settings="tokens; `compute_threads` = 1",
)
def turns() -> Iterator[Figure]:
    ended: list[str] = []
    prices, nbytes = table(WALKS[:2000, :60], adf_lags=20), WALKS[:2000, :60].nbytes

    def ask(channel: grpc.Channel, name: str) -> None:
        token = (("authorization", f"Bearer {TOKENS[name]}"),)
        for _ in channel.stream_stream(research.SERVICE + "FitOu")(iter(prices), metadata=token, timeout=100):
            pass
        ended.append(name)

    with TemporaryDirectory() as folder, ThreadPoolExecutor(32) as pool:
        path = Path(folder) / "tokens"
        path.write_text("".join(f"{name} {token}\n" for name, token in TOKENS.items()))
        path.chmod(0o600)

        with (
            Server(compute_threads=1, token_file=str(path), **ROOM) as server,
            grpc.insecure_channel(server.address) as channel,
        ):
            of_alice = [pool.submit(ask, channel, "alice") for _ in range(12)]
            # Calls of one caller advance together, so bob has to come before the first of them ends.
            seconds_until(lambda: server.ask("load")[1] >= len(of_alice) * nbytes, 30)
            before = len(ended)
            pool.submit(ask, channel, "bob").result(100)
            yield Figure("calls of alice that ended while bob waited", ended.index("bob") - before, most=3)
            for each in of_alice:
                each.result(100)
            yield Figure("calls of alice answered", ended.count("alice"), least=12)
