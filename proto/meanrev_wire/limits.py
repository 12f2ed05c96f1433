"""Sizes on which a client and a server agree: the server refuses what is larger, and the client does not send it."""

__all__ = ["COLUMN_OPTION_BYTES", "OPTION_BYTES"]

OPTION_BYTES = 64 * 1024
"""Most bytes of a request's options, as JSON."""

COLUMN_OPTION_BYTES = 4 * 1024 * 1024
"""The same for a method whose options may have three numbers for each column of a matrix."""
