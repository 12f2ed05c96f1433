"""The flags that every command takes: --config, --json and -v."""

import functools
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from rich.console import Console, RenderableType

__all__ = ["Shared", "shared_flags"]

_UNCUT = 1_000
"""Columns of a file or a pipe: no name and no sentence is folded there, so that a search finds it."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Shared:
    """The values of the shared flags and the environment; a command reads them here alone.

    Attributes:
        config: A TOML file of settings, or None.
        as_json: Print one JSON document instead of text for people.
        verbose: Write more to stderr.
        environ: Environment variables.
    """

    config: Path | None = None
    as_json: bool = False
    verbose: bool = False
    environ: Mapping[str, str] = field(default_factory=dict)

    def show(self, document: object, picture: RenderableType) -> None:
        """Print a result.

        Args:
            document: The result as JSON types.
            picture: The same for a person.
        """
        if self.as_json:
            click.echo(json.dumps(document, indent=2, allow_nan=False))
        else:
            self.console().print(picture)

    def console(self) -> Console:
        """Return what results are drawn on: a terminal of its own width, or a file or pipe that nothing is cut for.

        It takes no text for markup: addresses, names and settings are shown as they are, brackets included.
        """
        console = Console(highlight=False, markup=False, emoji=False)
        return console if console.is_terminal else Console(highlight=False, markup=False, emoji=False, width=_UNCUT)

    def note(self, text: str) -> None:
        """Print a line on stderr where -v was given."""
        if self.verbose:
            click.echo(text, err=True)


def shared_flags(command: F) -> F:
    """Add --config, --json and -v to a command, which takes a Shared as its first argument."""

    @click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        envvar="MEANREV_CONFIG",
        help="A TOML file of settings (or MEANREV_CONFIG).",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
    @click.option("-v", "--verbose", is_flag=True, help="Say more on stderr.")
    @functools.wraps(command)
    def with_flags(config: Path | None, *, as_json: bool, verbose: bool, **others: Any) -> Any:
        return command(Shared(config, as_json, verbose, dict(os.environ)), **others)

    return cast("F", with_flags)
