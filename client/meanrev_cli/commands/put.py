"""`meanrev put`: a matrix that a server keeps."""

import click
from rich.console import Group
from rich.text import Text

from meanrev.intake.options import FileOptions
from meanrev_cli.access import Access, access_flags
from meanrev_cli.asking import asking, server_flag
from meanrev_cli.price_options import price_options, read_prices, report_text
from meanrev_cli.remote import address_of
from meanrev_cli.shared import Shared, shared_flags

__all__ = ["put"]


@click.command()
@price_options
@server_flag
@access_flags
@shared_flags
def put(shared: Shared, prices: str, reading: FileOptions, host: str | None, access: Access) -> None:
    """Have a server keep the columns of PRICES; `sweep --matrix` and `scan --matrix` name them.

    PRICES is a file of CSV, Parquet, Arrow IPC or Excel, a pattern or an address: a column a series, a row a bar,
    oldest first. A matrix that the server keeps already is not sent again.
    """
    read = read_prices(prices, reading)
    with asking(address_of(shared, host), access, read) as client:
        kept = client.put(read, asset_ids=[str(name) for name in read.names])
    document = {"intake": None if read.report is None else read.report.to_dict(), **kept.to_dict()}
    shape = f"{kept.rows:,} rows of {kept.cols:,} columns, {kept.nbytes:,} bytes"
    shared.show(document, Group(Text(report_text(read)), Text(f"{kept.matrix_id}: {shape}")))
