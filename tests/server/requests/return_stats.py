"""Requests of ReturnStats."""

__all__ = ["OPTIONS"]

OPTIONS = {"ReturnStats": {"kind": "equity"}}  # because the matrices of the tests are prices
