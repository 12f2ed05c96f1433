"""Manual pages for man(1), made from the commands themselves, so that they say what --help says."""

import inspect
from collections.abc import Iterator

import click

from meanrev_cli.topics import TOPICS

__all__ = ["pages"]

_IN_ROOT = ("files", "output", "errors", "servers", "costs")


def pages(root: click.Command, version: str) -> dict[str, str]:
    """Return the manual pages of a command and of all commands below it.

    Args:
        root: The command.
        version: For the footer.

    Returns:
        The text of each page, in the macros of man(7), by the name of its file, such as "meanrev-scan.1".
    """
    return {
        f"{name}.1": "\n".join(lines) + "\n" for name, lines in _walk(root, click.Context(root), "meanrev", version)
    }


def _walk(command: click.Command, context: click.Context, name: str, version: str) -> Iterator[tuple[str, list[str]]]:
    context.info_name = context.info_name or "meanrev"
    yield name, list(_page(command, context, name, version))
    if isinstance(command, click.Group):
        for word in command.list_commands(context):
            below = command.get_command(context, word)
            if below is not None:
                yield from _walk(below, click.Context(below, info_name=word, parent=context), f"{name}-{word}", version)


def _page(command: click.Command, context: click.Context, name: str, version: str) -> Iterator[str]:
    first, *others = _paragraphs(command.help or "")
    yield f'.TH "{name.upper()}" 1 "" "meanrev {version}" "meanrev"'
    yield from (".SH NAME", f"{_escaped(name)} \\- {_escaped(first.rstrip('.'))}")
    usage = " ".join(command.collect_usage_pieces(context))
    yield from (".SH SYNOPSIS", f".B {_escaped(context.command_path)}", _escaped(usage))
    yield ".SH DESCRIPTION"
    for paragraph in (first, *others):
        yield from (".PP", _escaped(paragraph))
    records = [record for parameter in command.get_params(context) if (record := parameter.get_help_record(context))]
    yield ".SH OPTIONS"
    for flags, text in records:
        yield from (".TP", f".B {_escaped(flags)}", _escaped(text))
    if isinstance(command, click.Group):
        yield ".SH COMMANDS"
        for word in command.list_commands(context):
            below = command.get_command(context, word)
            summary = "" if below is None else _paragraphs(below.help or "")[0]
            yield from (".TP", f".BR {_escaped(f'{name}-{word}')} (1)", _escaped(summary))
    if context.parent is None:
        yield from _shared()
    else:
        yield from (".SH SEE ALSO", ".BR meanrev (1)")


def _shared() -> Iterator[str]:
    for topic in _IN_ROOT:
        title, *paragraphs = _paragraphs(TOPICS[topic])
        yield f".SH {_escaped(title.upper())}"
        for paragraph in paragraphs:
            yield from (".PP", _escaped(paragraph))


def _paragraphs(text: str) -> list[str]:
    cleaned = inspect.cleandoc(text).replace("\b", "")
    return [" ".join(part.split()) for part in cleaned.split("\n\n") if part.strip()] or [""]


def _escaped(text: str) -> str:
    """Return a text as man(7) has to read it, on one line."""
    escaped = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
