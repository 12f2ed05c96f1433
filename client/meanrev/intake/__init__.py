"""Readers of the caller's data: files and containers become one table, with a report of what was taken and left out.

Nothing is guessed, repaired or left out without a word: what is ambiguous is refused with the option that settles it,
and what was done is in the Report. This package uses neither gRPC nor the wire.
"""
