"""Requests of Info."""

from meanrev_wire.research_pb2 import InfoRequest
from tests.server.making import block

__all__ = ["CASES"]

CASES = {"Info": (block(InfoRequest), (1,))}
