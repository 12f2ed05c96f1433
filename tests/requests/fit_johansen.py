"""Requests of FitJohansen."""

from meanrev_wire.research_pb2 import FitJohansenRequest
from tests.server.making import block, walk

__all__ = ["CASES"]

CASES = {"FitJohansen": (block(FitJohansenRequest, prices=lambda n: walk(n, 3)), (50, 50_000))}
