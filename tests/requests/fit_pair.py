"""Requests of FitPair."""

from meanrev_wire.research_pb2 import FitPairRequest
from tests.server.making import block, walk

__all__ = ["CASES"]

CASES = {"FitPair": (block(FitPairRequest, prices=lambda n: walk(n, 2)), (50, 50_000))}
