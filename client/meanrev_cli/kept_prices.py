"""Prices that a server keeps, in place of a file of prices."""

from dataclasses import replace
from pathlib import Path

from meanrev.intake.kept import kept_of
from meanrev.intake.options import FileOptions
from meanrev.intake.table import Table
from meanrev_cli.access import Access
from meanrev_cli.asking import asking
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.price_options import read_prices
from meanrev_cli.whole_ids import SHOWN_DIGITS, whole_matrix_id

__all__ = ["prices_of", "title_of"]


def prices_of(prices: str | None, matrix: str | None, reading: FileOptions, host: str, access: Access) -> Table:
    """Return the prices that a command is given: those of a file, or of a matrix that the server keeps.

    Args:
        prices: A path, a pattern or an address; None with matrix.
        matrix: The id of the matrix, or its first digits; None with prices.
        reading: How the file is read; of a matrix, its columns alone.
        host: The server.
        access: The token to send, and the files of TLS.

    Raises:
        Failure: they cannot be read, or the server keeps no such matrix.
    """
    if prices is not None:
        return read_prices(prices, reading)
    if replace(reading, columns=()) != FileOptions():
        raise Failure(ExitCode.USAGE, "--matrix takes --column and --columns; the other options of PRICES read a file")
    if host == "local":
        raise Failure(ExitCode.USAGE, "--matrix needs --host (or MEANREV_HOST): a running server keeps the matrix")
    with asking(host, access) as client:
        kept = client.matrix(whole_matrix_id(client, matrix or ""))
        return (kept.part(list(reading.columns)) if reading.columns else kept).table


def title_of(table: Table, prices: str | None) -> str:
    """Return the name of prices for a heading: that of the file, or the first digits of the matrix's id."""
    kept = kept_of(table)
    return f"matrix {kept.matrix_id[:SHOWN_DIGITS]}" if kept is not None else Path(prices or "").name
