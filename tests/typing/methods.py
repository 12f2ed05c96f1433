"""What a type checker and an editor see of the clients' methods; mypy checks this file, and nothing runs it.

A method is declared once, as a function that returns a Question. These lines fail to type-check where a client shows
anything but the declaration's arguments and its result. They have methods of each kind; a new method of a kind that is
here needs no line, because tests/test_house.py checks that its declaration states its result.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any, assert_type

import numpy as np

import meanrev as mr
from meanrev.question import Question
from meanrev.results import (
    BacktestMetric,
    Estimate,
    Health,
    JobState,
    JohansenTest,
    KeptMatrix,
    MultiperiodPlan,
    OuFit,
    OuFitWithTests,
    PairFit,
    Pca,
    Portfolio,
    RealityCheck,
    ResidualBook,
    ResidualPanel,
    ReturnStats,
    ReversionTests,
    Rolling,
    ScanResult,
    ServerInfo,
    SweepResult,
    Thresholds,
    Weights,
)

PRICES = np.ones((100, 3))


def of_a_client(client: mr.Client) -> None:
    assert_type(client.sweep(PRICES, entry="0.5:3:0.25", timeout=60.0), SweepResult)
    assert_type(client.scan(PRICES, top=3), ScanResult)
    assert_type(client.pair(PRICES[:, 0], PRICES[:, 1]), PairFit)
    assert_type(client.johansen(PRICES, det_order=0, lags=1), JohansenTest)
    assert_type(client.statarb(PRICES, factors=[3, "55%"]), ResidualBook)
    assert_type(client.residuals(PRICES, days="last"), ResidualPanel)
    assert_type(client.stats(PRICES), ReturnStats)
    assert_type(client.rolling(PRICES, "sharpe", window=50), Rolling)
    assert_type(client.reality_check(PRICES), RealityCheck)
    assert_type(client.fit_ou(PRICES, tests=True), OuFitWithTests)
    assert_type(client.tests(PRICES), ReversionTests)
    assert_type(client.ou(PRICES), OuFit)
    assert_type(client.ou_stream([1.0, 2.0]), Iterator[OuFit])
    assert_type(client.cara(PRICES, gamma=2.0), Weights)
    assert_type(client.sharpe(PRICES, bounds=(0, 1)), Weights)
    assert_type(client.sharpe_stream([PRICES], append=True), Iterator[Weights])
    assert_type(client.thresholds({"theta": 0.1, "mu": 1.0, "sigma": 1.0}, round_trip_cost=0.1), Thresholds)
    assert_type(client.multiperiod(PRICES, n_periods=2), MultiperiodPlan)
    assert_type(client.pca(PRICES), Pca)
    assert_type(client.health({"KO": 1.0}), Iterator[Health])
    assert_type(client.info(), ServerInfo)
    assert_type(client.publish({"KO": 60.0}), int)
    assert_type(client.get_portfolio("p"), Portfolio)
    assert_type(client.backtest(PRICES, entry_zscore=2.0, exit_zscore=0.5, cost_per_side=0.001), Any)
    assert_type(
        client.backtest_stream([1.0], entry_zscore=2.0, exit_zscore=0.5, cost_per_side=0.001), Iterator[BacktestMetric]
    )
    data = client.put(PRICES)
    assert_type(data, KeptMatrix)
    assert_type(data.part(["0"], first_row=5), KeptMatrix)
    assert_type(client.append(data, PRICES), KeptMatrix)
    assert_type(client.matrix("a" * 64), KeptMatrix)
    assert_type(client.matrices(limit=3), tuple[KeptMatrix, ...])
    assert_type(client.drop(data), KeptMatrix)
    assert_type(client.sweep(data), SweepResult)
    assert_type(client.submit("sweep", PRICES), mr.Job)
    assert_type(client.submit("sweep", PRICES, dry_run=True), Estimate)
    assert_type(client.job("a" * 64), mr.Job)


async def of_an_asyncio_client(client: mr.AsyncClient) -> None:
    assert_type(await client.sweep(PRICES, entry="0.5:3:0.25"), SweepResult)
    assert_type(await client.scan(PRICES), ScanResult)
    assert_type(await client.ou(PRICES), OuFit)
    assert_type(client.ou_stream([1.0, 2.0]), AsyncIterator[OuFit])
    assert_type(await client.cara(PRICES, gamma=2.0), Weights)
    assert_type(client.cara_stream([PRICES]), AsyncIterator[Weights])
    assert_type(client.health({"KO": 1.0}), AsyncIterator[Health])
    assert_type(await client.put(PRICES), KeptMatrix)
    assert_type(await client.matrices(), tuple[KeptMatrix, ...])
    assert_type(await client.submit("sweep", PRICES), mr.AsyncJob)
    assert_type(await client.submit("sweep", PRICES, dry_run=True), Estimate)
    assert_type(await client.job("a" * 64), mr.AsyncJob)
    assert_type(await client.jobs(), tuple[JobState, ...])


def of_the_class() -> None:
    assert_type(mr.Client.sweep(PRICES), Question[SweepResult])


def refused(client: mr.Client) -> None:
    """Each comment is needed: mypy reports one that ignores nothing."""
    client.sweep(PRICES, entries="0.5:3:0.25")  # type: ignore[call-arg]
    client.sweep()  # type: ignore[call-arg]
    client.cara(PRICES, gamma="high")  # type: ignore[arg-type]
    client.submit(3, PRICES)  # type: ignore[call-overload]


def of_the_package() -> None:
    assert_type(mr.__version__, str)
    assert_type(mr.estimate_ou_params([1.0, 2.0]), dict[str, Any])
    assert_type(mr.get_client(), mr.compat.v2.MeanRevClientSync)
