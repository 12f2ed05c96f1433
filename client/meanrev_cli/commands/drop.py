"""`meanrev drop`: forget a matrix that a server keeps."""

import click
from rich.text import Text

from meanrev_cli.access import Access, access_flags
from meanrev_cli.asking import asking, server_flag
from meanrev_cli.remote import address_of
from meanrev_cli.shared import Shared, shared_flags
from meanrev_cli.whole_ids import whole_matrix_id

__all__ = ["drop"]


@click.command()
@click.argument("matrix_id", metavar="MATRIX")
@server_flag
@access_flags
@shared_flags
def drop(shared: Shared, host: str | None, access: Access, matrix_id: str) -> None:
    """Have a server forget a matrix; calls that use it go on.

    MATRIX is the id of a matrix, or its first digits where only one matrix has them.
    """
    with asking(address_of(shared, host), access) as client:
        kept = client.drop(whole_matrix_id(client, matrix_id))
    document = {name: value for name, value in kept.items() if name != "columns"}
    shared.show(document, Text(f"{kept.matrix_id}: forgotten, {kept.rows:,} rows of {kept.cols:,} columns"))
