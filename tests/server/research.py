"""The research service on a real socket, and its chunks."""

import json
from typing import Any

import grpc
import numpy as np

from meanrev_wire import meanrev_pb2, research_pb2

SERVICE = "/meanrev.MeanRevResearch/"
METHODS = {method.name: method for method in research_pb2.DESCRIPTOR.services_by_name["MeanRevResearch"].methods}


def universe(n_columns=5, n_rows=400, seed=1):
    """Return (T, N) prices that revert to 100."""
    rng = np.random.default_rng(seed)
    prices = np.empty((n_rows, n_columns))
    prices[0] = 100
    for t in range(1, n_rows):
        prices[t] = 100 + 0.9 * (prices[t - 1] - 100) + rng.normal(0, 1, n_columns)
    return prices


PRICES = universe()
NAMES = ["A", "B", "C", "D", "E"]


def chunks(values, rows=None, *, columns=(), stamps=None, total=0, name="", **options):
    """Cut a matrix into chunks of so many rows."""
    values = np.asarray(values, dtype=float)
    size = rows or max(1, len(values))
    return [
        research_pb2.MatrixChunk(
            name=name,
            row_offset=start,
            block=meanrev_pb2.Matrix(
                rows=len(values[start : start + size]),
                cols=values.shape[1],
                values=values[start : start + size].reshape(-1),
            ),
            columns=columns if start == 0 else (),
            timestamps_ms=() if stamps is None else stamps[start : start + size],
            metadata=json.dumps(options) if start == 0 and options else "",
            total_rows=total if start == 0 else 0,
        )
        for start in range(0, len(values), size)
    ]


class Research:
    """Calls research methods by name."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.channel.close()

    def __call__(self, name, request):
        """Return a method's reply, or the list of its replies."""
        calls = self.start(name, request)
        return list(calls) if METHODS[name].server_streaming else calls

    def start(self, name, request, timeout=60):
        method = METHODS[name]
        reply = getattr(research_pb2, method.output_type.name)
        kind: Any = {
            (False, False): self.channel.unary_unary,
            (False, True): self.channel.unary_stream,
            (True, False): self.channel.stream_unary,
            (True, True): self.channel.stream_stream,
        }[method.client_streaming, method.server_streaming]
        call = kind(SERVICE + name, lambda message: message.SerializeToString(), reply.FromString)
        return call(iter(request) if method.client_streaming else request, timeout=timeout)
