"""`meanrev proto`: the schema as files."""

from importlib import resources
from pathlib import Path

import click
from rich.text import Text

import meanrev_wire
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.shared import Shared, shared_flags

__all__ = ["proto"]

_NAMES = ("meanrev.proto", "research.proto")


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=".", help="Folder; made if missing.")
@shared_flags
def proto(shared: Shared, out: Path) -> None:
    """Write meanrev.proto and research.proto into a folder and print their paths.

    protoc, or any language's gRPC generator, makes stubs of them.
    """
    paths = [out / name for name in _NAMES]
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path in paths:
            path.write_bytes(_schema(path.name))
    except OSError as error:
        raise Failure(
            ExitCode.BAD_DATA, f"cannot write to {str(out)!r}: {error.strerror}; --out names another"
        ) from None
    shared.show({"paths": [str(path) for path in paths]}, Text("\n".join(map(str, paths))))


def _schema(name: str) -> bytes:
    """Return a file of the schema from the wheel, or from the checkout where the install is editable."""
    packaged = resources.files(meanrev_wire) / name
    if packaged.is_file():
        return packaged.read_bytes()
    return (Path(meanrev_wire.__file__).resolve().parent.parent / name).read_bytes()
