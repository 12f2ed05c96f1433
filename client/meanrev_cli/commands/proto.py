"""`meanrev proto`: the schema as a file."""

from importlib import resources
from pathlib import Path

import click
from rich.text import Text

import meanrev_wire
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.shared import Shared, shared_flags

__all__ = ["proto"]

_NAME = "meanrev.proto"


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=".", help="Folder; made if missing.")
@shared_flags
def proto(shared: Shared, out: Path) -> None:
    """Write meanrev.proto into a folder and print its path.

    protoc, or any language's gRPC generator, makes stubs of it.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        path = out / _NAME
        path.write_bytes(_schema())
    except OSError as error:
        raise Failure(
            ExitCode.BAD_DATA, f"cannot write to {str(out)!r}: {error.strerror}; --out names another"
        ) from None
    shared.show({"path": str(path)}, Text(str(path)))


def _schema() -> bytes:
    """Return the schema from the wheel, or from the checkout where the install is editable."""
    packaged = resources.files(meanrev_wire) / _NAME
    if packaged.is_file():
        return packaged.read_bytes()
    return (Path(meanrev_wire.__file__).resolve().parent.parent / _NAME).read_bytes()
