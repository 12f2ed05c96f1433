"""Requests of RealityCheck."""

__all__ = ["ARGUMENTS", "OPTIONS"]

OPTIONS = {"RealityCheck": {"resamples": 99}}
ARGUMENTS = {"reality_check": {"resamples": 99, "benchmark": 7}}
