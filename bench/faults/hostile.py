"""Rows 7 and 17: input that is made to break something, the log, and what Info says."""

import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator

import grpc
import numpy as np

import meanrev as mr
from bench.faults.requests import table
from bench.faults.rows import Figure, attack
from bench.faults.trial import Trial
from meanrev_wire import codec, meanrev_pb2
from tests.faults import servers
from tests.faults.test_metadata import ODD, RANGES
from tests.faults.test_no_kernels import A_PATH, CASES
from tests.faults.test_unread_log import SPOILT
from tests.server import research
from tests.server.serving import METHODS, SERVICE

INVALID = grpc.StatusCode.INVALID_ARGUMENT
SEED, N_CALLS = 7, 2000
SMALL = np.random.default_rng(SEED).uniform(1, 2, (40, 4))


def seeds() -> list[tuple[str, bytes]]:
    """Return paths with small requests, from which the fuzz begins."""
    matrix = meanrev_pb2.Matrix(rows=40, cols=4, values=SMALL.ravel())
    prices = SMALL[:, 0].tolist()
    requests = {
        "ComputeLogReturns": meanrev_pb2.ReturnsRequest(prices=prices),
        "EstimateOUParams": meanrev_pb2.PriceUpdate(asset_id="A", prices=prices),
        "OptimalThresholds": meanrev_pb2.ThresholdRequest(
            ou_params=meanrev_pb2.OuEstimate(theta=1.0, sigma=1.0), transaction_cost=0.01
        ),
        "BacktestWithCosts": meanrev_pb2.BacktestInput(prices=prices, entry_zscore=1.0),
        "PcaPortfolios": meanrev_pb2.PcaRequest(returns_matrix=matrix),
        "SharpeOptimalWeights": meanrev_pb2.OptimizationInput(returns=matrix),
        "CaraOptimalWeights": meanrev_pb2.OptimizationInput(returns=matrix),
        "MultiperiodOptimize": meanrev_pb2.MultiperiodRequest(returns_sequence=[matrix] * 2),
        "PortfolioStats": meanrev_pb2.PortfolioStatsRequest(returns=matrix),
    }
    found = [(SERVICE + name, request.SerializeToString()) for name, request in requests.items()]
    chunk = table(SMALL)[0]
    found += [(research.SERVICE + name, chunk) for name in ("Backtest", "ReturnStats", "FitOu", "ScanPairs")]
    grid = table(SMALL, entry=[1.0, 2.0], exit=[0.0], lookback=[10])[0]
    found += [(research.SERVICE + "SweepThresholds", grid)]
    return found + [(service + name, b"") for service, names in _ALL for name in names]


_ALL = ((SERVICE, METHODS), (research.SERVICE, research.METHODS))
_OPTIONS = ("dt", "window", "bias", "lookback", "mode", "bounds", "levels", "entry", "stop", "lags", "strict", "kind")
_VALUES = (
    "0",
    "-1",
    "1e308",
    "1e-308",
    "null",
    "true",
    '""',
    '"log"',
    "[]",
    "[1, null]",
    "{}",
    '"0:1:1e-9"',
    "99999999999",
)


def changed(data: bytes, chance: random.Random) -> bytes:
    """Return a message with some bytes changed, cut off or repeated, or with options behind it."""
    way = chance.randrange(5)
    if way == 0 or not data:
        words = ", ".join(f'"{chance.choice(_OPTIONS)}": {chance.choice(_VALUES)}' for _ in range(2)).encode()
        return data + bytes([chance.choice((0x22, 0x2A, 0x32))]) + bytes([len(words) + 2]) + b"{" + words + b"}"
    at = chance.randrange(len(data))
    if way == 1:
        return data[:at]
    if way == 2:
        return data[:at] + data[max(0, at - 40) : at] + data[at:]
    raw = bytearray(data)
    for _ in range(chance.choice((1, 8))):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    return bytes(raw)


@attack(
    "7.1",
    f"{N_CALLS:,} calls of all methods with changed bytes and odd options (seed {SEED})",
    "no INTERNAL and no UNKNOWN",
    defence="handlers take bytes; `server/meanrev_server/rpc/guard.py`",
    test="tests/e2e/test_bad_requests.py::test_bad_requests_are_refused_by_rule",
)
def fuzz() -> Iterator[Figure]:
    chance, codes = random.Random(SEED), Counter[str]()
    begin = seeds()
    with Trial() as trial, grpc.insecure_channel(trial.address) as channel:
        for _ in range(N_CALLS):
            path, data = chance.choice(begin)
            call = channel.stream_stream(path)(iter([changed(data, chance)]), timeout=5)
            try:
                for number, _ in enumerate(call):
                    if number == 3:  # a stream without an end of its own
                        break
                codes["OK"] += 1
            except grpc.RpcError as error:
                codes[error.code().name] += 1
            call.cancel()
        for name in ("INTERNAL", "UNKNOWN"):
            yield Figure(name, codes.pop(name, 0), most=0)
        for name, number in codes.most_common():
            yield Figure(name, number)
        yield from trial.figures(growth_mb=128)


@attack(
    "7.2",
    f"{len(ODD)} kinds of metadata that is no JSON object, such as whole numbers of 5,000 digits; {len(RANGES)} ranges",
    "INVALID_ARGUMENT, within 5 ms at the median",
    defence="`server/meanrev_server/rpc/options.py`",
    test="tests/faults/test_metadata.py::test_a_call_is_refused_with_the_field",
)
def odd_metadata() -> Iterator[Figure]:
    with Trial() as trial, grpc.insecure_channel(trial.address) as channel:
        ends = []
        for text in ODD.values():
            data = meanrev_pb2.BacktestInput(prices=[1.0, 2.0, 3.0], metadata=text).SerializeToString()
            ends.append(ending(channel, SERVICE + "BacktestWithCosts", data))
        grids = [table(SMALL, entry=text)[0] for text in RANGES]
        ends += [ending(channel, research.SERVICE + "SweepThresholds", grid) for grid in grids]
        yield Figure("INVALID_ARGUMENT", sum(code is INVALID for code, _ in ends), least=len(ODD) + len(RANGES))
        yield Figure("median refusal", 1e3 * float(np.median([seconds for _, seconds in ends])), "ms", 5)
        yield from trial.figures(growth_mb=32)


def ending(channel: grpc.Channel, path: str, data: bytes) -> tuple[grpc.StatusCode, float]:
    """Return how a call of one message ends on an open channel, and after how many seconds."""
    began = time.monotonic()
    code = channel.stream_stream(path)(iter([data]), timeout=30).code()
    return code, time.monotonic() - began


@attack(
    "7.3",
    "malformed bytes, non-finite numbers, odd dimensions and invalid UTF-8: 8 requests, 20 times each",
    "INVALID_ARGUMENT, within 5 ms at the median",
    defence="`proto/meanrev_wire/codec.py`, the contracts of the operations",
    test="tests/server/test_refusals.py::test_the_rule_is_named",
)
def malformed() -> Iterator[Figure]:
    def matrix(rows: int, cols: int, values: list[float]) -> bytes:
        fields = {"returns_matrix": {"rows": rows, "cols": cols, "values": values}}
        return meanrev_pb2.PcaRequest(**fields).SerializeToString()

    bad = [
        ("ComputeLogReturns", b"\xff\xff\xff"),
        ("ComputeLogReturns", codec.encode(meanrev_pb2.ReturnsRequest, prices=np.array([1.0, np.inf]))),
        ("PcaPortfolios", matrix(-1, 2, [1.0, 2.0])),
        ("PcaPortfolios", matrix(0, 2**31 - 1, [])),
        ("PcaPortfolios", matrix(2**31 - 1, 2**31 - 1, [1.0])),
        ("PcaPortfolios", matrix(2, 2, [1.0, 2.0, 3.0])),
        ("PcaPortfolios", b""),
        ("ComputeLogReturns", b"\x0a\x02\xff\xfe"),
    ]
    with Trial() as trial, grpc.insecure_channel(trial.address) as channel:
        ends = [ending(channel, SERVICE + name, data) for name, data in bad for _ in range(20)]
        yield Figure("INVALID_ARGUMENT", sum(code is INVALID for code, _ in ends), least=len(ends))
        yield Figure("median refusal", 1e3 * float(np.median([seconds for _, seconds in ends])), "ms", 5)
        yield from trial.figures(growth_mb=32)


@attack(
    "7.4",
    "500 internal errors with a console log on a pipe that nobody reads, then SIGTERM",
    "every call is answered, no price is logged, and the server ends",
    defence="`server/meanrev_server/log_queue.py`, `telemetry.py`",
    test="tests/faults/test_unread_log.py::test_a_full_pipe_stops_nobody",
)
def unread_log() -> Iterator[Figure]:
    data = meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0]).SerializeToString()
    with servers.Server("--log", "console", program=SPOILT, stderr=subprocess.PIPE) as server:
        with grpc.insecure_channel(server.address) as channel:
            ends = [ending(channel, SERVICE + "ComputeLogReturns", data) for _ in range(500)]
        answered = sum(code is grpc.StatusCode.INTERNAL for code, _ in ends)
        yield Figure("calls answered", answered, least=500)
        yield Figure("slowest call", 1e3 * max(seconds for _, seconds in ends), "ms", 330)
        began = time.monotonic()
        yield Figure("exit code", server.stop(), most=0)
        yield Figure("ended after", time.monotonic() - began, "s", 5)
        told = server.process.stderr.read()
    errors = told.count("unexpected error")
    yield Figure("bytes of the log for an error", len(told) / max(1, errors), most=4096)
    yield Figure("prices in the log", told.count("secret"), most=0)


@attack(
    "17.1",
    "Info of a server with kernels, and of one without a home",
    "no path",
    defence="`server/meanrev_server/handlers/info.py`",
    test="tests/faults/test_no_kernels.py::test_info_tells_no_path_where_kernels_compute_either",
)
def paths() -> Iterator[Figure]:
    program, env, _ = CASES["no home"]
    unset = {"MEANREV_KERNEL_CACHE": None, "MEANREV_WORKER": "thread", **env}
    for more in ({}, {"program": program, "env": unset}):
        with servers.Server("--backend", "auto", **more) as server, mr.Client(server.address) as client:
            known = client.info()
            yield Figure(f"paths, with backend {known.backend}", len(A_PATH.findall(str(known))), most=0)
