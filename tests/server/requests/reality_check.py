"""Requests of RealityCheck."""

__all__ = ["OPTIONS"]

OPTIONS = {"RealityCheck": {"resamples": 99}}
