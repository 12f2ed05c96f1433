"""Calls all eleven methods through stubs of the earlier schema; prints the replies as one JSON object.

Run in a process of its own: two generated modules that both define meanrev.Matrix cannot share one.
"""

import json
import sys

import grpc
import meanrev_pb2 as pb
import meanrev_pb2_grpc
from google.protobuf.json_format import MessageToDict
from sample import PRICES, RETURNS


def matrix():
    return pb.Matrix(rows=6, cols=2, values=RETURNS)


def context():
    """What earlier clients put into metadata."""
    return json.dumps({"interval": "1h", "source": "notebook"})


def questions(stub):
    process = pb.OuEstimate(theta=2.0, mu=100.0, sigma=1.5)
    levels = pb.ThresholdResponse(entry_zscore=1.5, exit_zscore=0.0)
    weigh = pb.OptimizationInput(returns=matrix(), gamma=2.0, metadata=context())
    history = pb.PriceHistory(asset_id="A", prices=PRICES)
    updates = [pb.PriceUpdate(asset_id="A", price=price, metadata=context()) for price in PRICES]
    bars = [pb.BacktestInput(price=price, entry_zscore=1.0, update_frequency=10) for price in PRICES]
    yield "EstimateOUParams", lambda: stub.EstimateOUParams(iter(updates))
    yield (
        "OptimalThresholds",
        lambda: stub.OptimalThresholds(pb.ThresholdRequest(ou_params=process, transaction_cost=0.1)),
    )
    yield "BacktestWithCosts", lambda: stub.BacktestWithCosts(iter(bars))
    yield "ComputeLogReturns", lambda: stub.ComputeLogReturns(pb.ReturnsRequest(prices=PRICES, return_type="log"))
    yield "PCAPortfolios", lambda: stub.PCAPortfolios(pb.PcaRequest(returns_matrix=matrix(), n_components=1))
    yield "CARAOptimalWeights", lambda: stub.CARAOptimalWeights(iter([weigh]))
    yield "SharpeOptimalWeights", lambda: stub.SharpeOptimalWeights(iter([weigh]))
    yield (
        "MultiperiodOptimize",
        lambda: stub.MultiperiodOptimize(pb.MultiperiodRequest(returns_sequence=[matrix(), matrix()], gamma=1.0)),
    )
    yield "PortfolioStats", lambda: stub.PortfolioStats(pb.PortfolioStatsRequest(returns=matrix(), weights=[0.5, 0.5]))
    yield (
        "GenerateSignals",
        lambda: stub.GenerateSignals(
            pb.SignalRequest(price_history=history, ou_params=process, thresholds=levels, position_state="flat")
        ),
    )
    health = pb.HealthRequest(portfolio_id="main", update_frequency_ms=50, asset_ids=["A"])
    yield "PortfolioHealthStream", lambda: [next(stub.PortfolioHealthStream(health, timeout=30))]


def other_spelling(channel, name, request, reply):
    """Call a path that the earlier schema does not have, with the earlier schema's messages."""
    path = f"/meanrev.MeanRevService/{name}"
    if isinstance(request, list):
        call = channel.stream_stream(path, request[0].__class__.SerializeToString, reply.FromString)
        return list(call(iter(request)))
    return channel.unary_unary(path, request.__class__.SerializeToString, reply.FromString)(request)


def plain(reply):
    if hasattr(reply, "DESCRIPTOR"):
        return MessageToDict(reply, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    return [plain(message) for message in reply]


def main(address):
    with grpc.insecure_channel(address) as channel:
        stub = meanrev_pb2_grpc.MeanRevServiceStub(channel)
        answers = {name: plain(ask()) for name, ask in questions(stub)}
        pca = pb.PcaRequest(returns_matrix=matrix(), n_components=1)
        cara = [pb.OptimizationInput(returns=matrix(), gamma=2.0, metadata=context())]
        answers["PcaPortfolios"] = plain(other_spelling(channel, "PcaPortfolios", pca, pb.PcaResponse))
        answers["CaraOptimalWeights"] = plain(other_spelling(channel, "CaraOptimalWeights", cara, pb.WeightsOutput))
        json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
