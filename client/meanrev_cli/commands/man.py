"""`meanrev man`: the manual pages, a file a command."""

from pathlib import Path

import click
from rich.text import Text

from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.manual import pages
from meanrev_cli.shared import Shared, shared_flags
from meanrev_cli.versions import of_this_installation

__all__ = ["man"]


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("man1"),
    show_default=True,
    help="The folder; it is made where it does not exist.",
)
@shared_flags
def man(shared: Shared, out: Path) -> None:
    """Write the manual pages of this command and of all its commands into a folder.

    In ~/.local/share/man/man1, `man meanrev` and `man meanrev-scan` find them.
    """
    root = click.get_current_context().find_root().command
    written = pages(root, of_this_installation()["meanrev"])
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in written.items():
            (out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(ExitCode.BAD_DATA, f"cannot write to {str(out)!r}: {error.strerror or error}") from None
    document = {"folder": str(out.resolve()), "pages": list(written)}
    shared.show(document, Text(f"{len(written)} manual pages in {out.resolve()}"))
