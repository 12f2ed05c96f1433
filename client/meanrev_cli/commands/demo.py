"""`meanrev demo`: the main job on real prices, in under a minute."""

from pathlib import Path

import click

import meanrev
from meanrev_cli.checkup import graphics_cards
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.settings import settings_from
from meanrev_cli.shared import Shared, shared_flags
from meanrev_demo import crude, story
from meanrev_demo.chapters import Story
from meanrev_demo.document import document
from meanrev_demo.page import page
from meanrev_demo.service import serving
from meanrev_demo.snapshot import snapshot
from meanrev_demo.terminal import picture
from meanrev_server.config import ConfigError, Settings
from meanrev_server.machine import cpu_model

__all__ = ["demo"]


@click.command()
@click.option(
    "--save",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the story with its charts to an HTML file that needs nothing else; .svg: what the terminal shows.",
)
@shared_flags
def demo(shared: Shared, save: Path | None) -> None:
    """Fit, trade and stress real oil prices, and fit a synthetic universe, through a real server and client.

    The server listens on a free port of this machine and stops at the end; nothing leaves the machine.
    """
    results = _results(shared)
    if save is not None:
        try:
            save.write_text(_file(results, save), encoding="utf-8")
        except OSError as error:
            raise Failure(
                ExitCode.BAD_DATA, f"cannot write {str(save)!r}: {error.strerror}; --save names another file"
            ) from None
    saved = None if save is None else str(save.resolve())
    shared.show(document(results, saved), picture(results, saved))


def _file(results: Story, save: Path) -> str:
    return snapshot(picture(results, None)) if save.suffix == ".svg" else page(results)


def _results(shared: Shared) -> Story:
    backend = settings_from(shared, {}).backend
    machine = "; ".join([cpu_model(), *graphics_cards()])
    try:
        with serving(Settings(listen="127.0.0.1:0", backend=backend)) as service:
            shared.note(f"serving on {service.address}")
            return story.compute(crude.load(), service, machine)
    except ConfigError as error:
        raise Failure(ExitCode.NO_SERVER, str(error)) from None
    except meanrev.MeanRevError as error:
        raise Failure(ExitCode.UNEXPECTED, f"{error}; `meanrev doctor` looks for the reason") from None
