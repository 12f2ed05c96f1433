"""`meanrev matrices`: the matrices that a server keeps."""

from datetime import datetime

import click
from rich.text import Text

from meanrev.results import KeptMatrix
from meanrev_cli.access import Access, access_flags
from meanrev_cli.asking import asking, server_flag
from meanrev_cli.narrow import Fitting
from meanrev_cli.remote import address_of
from meanrev_cli.shared import Shared, shared_flags
from meanrev_cli.whole_ids import MOST_LISTED, SHOWN_DIGITS

__all__ = ["matrices"]

_COLUMNS = ("matrix_id", "rows", "cols", "nbytes", "stored", "used")
_TEXTS = frozenset({"matrix_id", "stored", "used"})
_SHOWN = 20


@click.command()
@click.option("--limit", type=click.IntRange(1, MOST_LISTED), default=_SHOWN, show_default=True, help="Most matrices.")
@server_flag
@access_flags
@shared_flags
def matrices(shared: Shared, host: str | None, access: Access, limit: int) -> None:
    """List the matrices that a server keeps for the caller, newest first."""
    with asking(address_of(shared, host), access) as client:
        found = client.matrices(limit=limit)
    table = Fitting(_COLUMNS, [_words(kept) for kept in found], texts=_TEXTS, order=_COLUMNS)
    documents = [{name: value for name, value in kept.items() if name != "columns"} for kept in found]
    shared.show({"matrices": documents}, table if found else Text("no matrices"))


def _words(kept: KeptMatrix) -> list[str]:
    counts = (f"{kept.rows:,}", f"{kept.cols:,}", f"{kept.nbytes:,}")
    return [kept.matrix_id[:SHOWN_DIGITS], *counts, _time(kept.stored_ms), _time(kept.used_ms)]


def _time(stamp_ms: int) -> str:
    return datetime.fromtimestamp(stamp_ms / 1000).astimezone().isoformat(" ", "seconds")[:19]
