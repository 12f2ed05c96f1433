"""Rows 5.3 to 5.8 and 10 to 12: what callers leave on the server, large matrices, restarts and identities."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc
import numpy as np

import meanrev as mr
from bench.faults.leaving import TOKENS
from bench.faults.requests import refusal, table
from bench.faults.rows import MIB, Figure, attack
from bench.faults.trial import Memory, Trial, seconds_until
from meanrev_wire import research_pb2
from tests.faults import servers, watched_server
from tests.server import research

BOUNDED = "tests/server/state/test_restart.py::test_what_is_stored_is_bounded"
OK, INVALID, FULL = (getattr(grpc.StatusCode, name) for name in ("OK", "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"))


def published(address: str, names: list[str], **fields: object) -> grpc.StatusCode:
    """Publish a price of each name."""
    request = research_pb2.PublishPricesRequest(asset_ids=names, prices=[1.0] * len(names), **fields)
    return refusal(address, research.SERVICE + "PublishPrices", [request.SerializeToString()])[0]


@attack(
    "5.3",
    "prices of 100,000 assets with ids of 250 bytes, and then of others",
    "counted in `max_state_bytes`; what exceeds is refused",
    defence="`server/meanrev_server/stored_bytes.py`, `marks.MAX_ASSETS`",
    test=BOUNDED,
)
def many_ids() -> Iterator[Figure]:
    with Trial() as trial:
        codes = [published(trial.address, [f"{i:0250}" for i in range(k, k + 50_000)]) for k in (0, 50_000, 100_000)]
        yield Figure("accepted", sum(code is OK for code in codes), least=1)
        yield Figure("refused", sum(code is FULL for code in codes), least=1)
        yield from trial.figures(growth_mb=128 * MIB / 1e6 + 128)


@attack(
    "5.4",
    "an asset id of 40 MiB, eight times",
    "INVALID_ARGUMENT; nothing of it is kept",
    defence="`server/meanrev_server/rpc/asset_ids.py`: 256 bytes",
    test="tests/faults/test_replies.py::test_an_id_has_a_length",
)
def long_ids() -> Iterator[Figure]:
    with Trial() as trial:
        codes = [published(trial.address, ["x" * (40 * MIB)]) for _ in range(8)]
        at_once = trial.memory.kept() / 1e6
        # grpcio frees a message a while after its call.
        after = seconds_until(lambda: trial.memory.kept() < 64e6, 20)
        yield Figure("refused with INVALID_ARGUMENT", sum(code is INVALID for code in codes), least=8)
        yield Figure("resident after 8, more than before", at_once, "MB")
        yield Figure("resident less than 64 MB more than before after", after, "s", 19)
        yield from trial.figures()


@attack(
    "5.5",
    "a price stamped 2^63 - 1, and then an honest one",
    "INVALID_ARGUMENT; the honest one counts",
    defence="`server/meanrev_server/rpc/stamps.py`: now and a day at most",
    test="tests/server/state/test_restart.py::test_a_mark_far_ahead_is_refused_and_nothing_is_published",
)
def far_stamp() -> Iterator[Figure]:
    with Trial() as trial:
        code = published(trial.address, ["A"], timestamps_ms=[2**63 - 1])
        yield Figure("INVALID_ARGUMENT", code is INVALID, least=1)
        yield Figure("the honest one is accepted", published(trial.address, ["A"]) is OK, least=1)
        yield Figure("and values a portfolio at", valued(trial.address), most=1, least=1)
        yield from trial.figures(growth_mb=32)


def valued(address: str) -> float:
    """Return the value of a portfolio of one A."""
    with mr.Client(address, timeout=30) as client, contextlib.closing(client.health(holdings={"A": 1.0})) as reports:
        return float(next(reports).total_value)


@attack(
    "5.6",
    "50 portfolios of 10,000 holdings with ids of 250 bytes, 2.7 MB each",
    "counted in `max_state_bytes`; what exceeds is refused",
    defence="`server/meanrev_server/stored_bytes.py`",
    test=BOUNDED,
)
def many_portfolios() -> Iterator[Figure]:
    holdings = [research_pb2.Holding(asset_id=f"{i:0250}", quantity=1.0) for i in range(10_000)]
    with Trial() as trial:
        codes = []
        for number in range(50):
            book = research_pb2.Portfolio(portfolio_id=f"{number}", holdings=holdings).SerializeToString()
            codes.append(refusal(trial.address, research.SERVICE + "PutPortfolio", [book])[0])
        yield Figure("stored", sum(code is OK for code in codes), least=20)
        yield Figure("refused", sum(code is FULL for code in codes), least=10)
        yield from trial.figures(growth_mb=256)


@attack(
    "5.7",
    "six jobs with results of 40 MB each",
    "at most `max_result_bytes` are kept",
    defence="`max_result_bytes`; `server/meanrev_server/jobs.py`",
    test="tests/server/test_jobs.py::test_results_are_dropped_where_they_take_too_much",
)
def many_results() -> Iterator[Figure]:
    grid = {"entry": "0.5:2.5:0.01", "exit": "0:0.4:0.01", "lookback": [10]}
    with Trial() as trial, research.Research(trial.address) as ask:
        ids, states = [], []
        for number in range(6):
            job = ask(
                "SubmitJob",
                research.chunks(research.universe(60, 60, seed=number), method="SweepThresholds", **grid),
            )
            last = list(ask("WatchJob", research_pb2.JobRequest(job_id=job.job_id)))[-1]
            states.append(last.status)
            ids.append(job.job_id)
        yield Figure("jobs done", states.count("done"), least=6)
        sizes = []
        for each in ids:
            with contextlib.suppress(grpc.RpcError):
                sizes.append(sum(len(p.data) for p in ask("FetchResult", research_pb2.JobRequest(job_id=each))))
        yield Figure("results kept", sum(sizes) / 1e6, "MB", 128 * MIB / 1e6, least=30)
        yield from trial.figures()


@attack(
    "10.1",
    "a lone matrix of 600 MiB for an idle server, from our client",
    "answered",
    defence="a lone matrix of up to `max_matrix_bytes` is admitted",
    test="tests/server/test_sizes.py::test_a_lone_matrix_of_the_largest_size_passes",
    settings="the defaults",
)
def lone_matrix() -> Iterator[Figure]:
    returns = np.full((78_643, 1000), 1e-3)
    with watched_server.Server() as server, Memory(server.pid, {}) as memory, mr.Client(server.address) as client:
        began = time.monotonic()
        found = client.stats(returns, timeout=100)
        yield Figure("columns answered", len(found.column), least=1000)
        yield Figure("after", time.monotonic() - began, "s")
    yield memory.growth()


@attack(
    "10.2",
    "a matrix above `max_matrix_bytes`",
    "refused at once as something that no wait changes",
    defence="`server/meanrev_server/matrix_upload.py`; `grpc-retry-pushback-ms` = -1",
    test="tests/server/test_sizes.py::test_what_can_never_fit_is_refused_at_its_first_chunk",
)
def too_large_matrix() -> Iterator[Figure]:
    first = research.chunks(np.ones((10, 1000)), total=100_000)[0].SerializeToString()
    with Trial() as trial, grpc.insecure_channel(trial.address) as channel:
        call = channel.stream_stream(research.SERVICE + "FitOu")(iter([first]), timeout=30)
        yield Figure("RESOURCE_EXHAUSTED", call.code() is FULL, least=1)
        said = dict(call.trailing_metadata())
        yield Figure("grpc-retry-pushback-ms", float(said["grpc-retry-pushback-ms"]), most=-1)
        yield Figure("names the setting", "max_matrix_bytes" in call.details(), least=1)
        yield from trial.figures(growth_mb=32)


@attack(
    "11.1",
    "kill -9 of a server with a portfolio, a price and a finished job, and a new one on its state directory",
    "all three are there, the result with the same bytes",
    defence="`state_dir`; `server/meanrev_server/state`",
    test="tests/faults/test_killed_with_jobs.py::"
    "test_jobs_end_with_the_same_bytes_however_often_their_server_is_killed",
)
def restarted() -> Iterator[Figure]:
    with TemporaryDirectory() as folder:
        words = ("--state-dir", f"{folder}/state")
        with servers.Server(*words) as first, research.Research(first.address) as ask:
            job = ask("SubmitJob", research.chunks(research.PRICES, method="FitOu"))
            wanted = research_pb2.JobRequest(job_id=job.job_id)
            assert list(ask("WatchJob", wanted))[-1].status == "done"
            before = b"".join(part.data for part in ask("FetchResult", wanted))
            ask("PutPortfolio", book())
            published(first.address, ["A"])
            time.sleep(2.5)
        began = time.monotonic()
        with servers.Server(*words) as second, research.Research(second.address) as ask:
            yield Figure("listening again after", time.monotonic() - began, "s")
            after = b"".join(part.data for part in ask("FetchResult", wanted))
            yield Figure("the result is the same", before == after, least=1)
            stored = ask("GetPortfolio", research_pb2.PortfolioRequest(portfolio_id="mine"))
            yield Figure("holdings of the portfolio", len(stored.holdings), least=1)
            yield Figure("value at the price", valued(second.address), most=1, least=1)


def book() -> research_pb2.Portfolio:
    """Return a portfolio of one A."""
    return research_pb2.Portfolio(portfolio_id="mine", holdings=[research_pb2.Holding(asset_id="A", quantity=1)])


@attack(
    "12.1",
    "bob asks for a job and a portfolio of alice in each way",
    "NOT_FOUND",
    defence="stores by identity: `server/meanrev_server/state/stores.py`",
    test="tests/server/state/test_restart.py::test_nothing_of_alice_is_bobs",
    settings="tokens",
)
def another() -> Iterator[Figure]:
    def ask(channel: grpc.Channel, name: str, method: str, messages: list[bytes]) -> tuple[grpc.StatusCode, bytes]:
        metadata = (("authorization", f"Bearer {TOKENS[name]}"),)
        call = channel.stream_stream(research.SERVICE + method)(iter(messages), metadata=metadata, timeout=30)
        try:
            return OK, b"".join(call)
        except grpc.RpcError:
            return call.code(), b""

    with TemporaryDirectory() as folder:
        path = Path(folder) / "tokens"
        path.write_text("".join(f"{name} {token}\n" for name, token in TOKENS.items()))
        path.chmod(0o600)
        with servers.Server("--token-file", str(path)) as server, grpc.insecure_channel(server.address) as channel:
            _, job = ask(channel, "alice", "SubmitJob", table(research.PRICES, method="FitOu"))
            ask(channel, "alice", "PutPortfolio", [book().SerializeToString()])
            wanted = research_pb2.JobRequest(job_id=research_pb2.Job.FromString(job).job_id).SerializeToString()
            mine = research_pb2.PortfolioRequest(portfolio_id="mine").SerializeToString()
            asked = [*((name, wanted) for name in ("WatchJob", "FetchResult", "CancelJob")), ("GetPortfolio", mine)]
            for name, most, least in (("bob", None, 4), ("alice", 0, None)):
                codes = [ask(channel, name, method, [data])[0] for method, data in asked]
                missing = sum(code is grpc.StatusCode.NOT_FOUND for code in codes)
                yield Figure(f"NOT_FOUND of {name}'s 4 calls", missing, most=most, least=least)
