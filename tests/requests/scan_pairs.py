"""Requests of ScanPairs."""

from tests.server.making import matrix

__all__ = ["ARGUMENTS", "CASES", "OPTIONS"]

OPTIONS = {"ScanPairs": {"lookback": 20, "split": 0.99}}  # so few bars to test on that every pair has a note
CASES = {"ScanPairs": (matrix(4, lookback=10), (200, 1_000))}
ARGUMENTS = {"scan": {"alpha": 1.0, "null_universes": 0}}
