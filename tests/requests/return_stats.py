"""Requests of ReturnStats; the matrices of the tests are prices."""

__all__ = ["ARGUMENTS", "OPTIONS"]

OPTIONS = {"ReturnStats": {"kind": "equity"}}
ARGUMENTS = {"stats": {"kind": "equity"}}
