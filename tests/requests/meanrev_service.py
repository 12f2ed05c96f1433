"""Requests of the methods of MeanRevService, whose schema is frozen."""

import numpy as np

from meanrev_wire import meanrev_pb2 as wire
from tests.server.making import block, metadata, names, returns, walk

__all__ = ["CASES"]

PROCESS = wire.OuEstimate(theta=2.0, mu=100.0, sigma=3.0)

CASES = {
    "EstimateOUParams": (block(wire.PriceUpdate, asset_id=lambda _: "A", prices=walk), (5, 300_000)),
    "OptimalThresholds": (
        block(wire.ThresholdRequest, ou_params=lambda _: PROCESS, transaction_cost=lambda _: 0.1),
        (1,),
    ),
    "BacktestWithCosts": (
        block(wire.BacktestInput, prices=walk, entry_zscore=lambda _: 1.5, update_frequency=lambda n: n),
        (5, 5_000),
    ),
    "ComputeLogReturns": (block(wire.ReturnsRequest, prices=walk), (5, 500_000)),
    "PcaPortfolios": (block(wire.PcaRequest, returns_matrix=lambda n: returns(2 * n, n)), (5, 200)),
    "CaraOptimalWeights": (block(wire.OptimizationInput, returns=lambda n: returns(2 * n, n)), (5, 200)),
    "SharpeOptimalWeights": (block(wire.OptimizationInput, returns=lambda n: returns(2 * n, n)), (5, 200)),
    "MultiperiodOptimize": (
        block(
            wire.MultiperiodRequest,
            n_periods=lambda _: 20,
            expected_returns=lambda n: np.full(n, 1e-3),
            covariance=lambda n: np.eye(n) * 1e-4,
            gamma=lambda _: 1.0,
            metadata=metadata(cost_model="proportional"),
        ),
        (3, 40),
    ),
    "PortfolioStats": (block(wire.PortfolioStatsRequest, returns=lambda n: returns(n, 20)), (50, 20_000)),
    "GenerateSignals": (
        block(wire.SignalRequest, price_history=lambda n: {"prices": 100 + np.sin(np.arange(n)) + returns(n)}),
        (50, 300_000),
    ),
    "PortfolioHealthStream": (block(wire.HealthRequest, asset_ids=names), (5, 4_000)),
}
