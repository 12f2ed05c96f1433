"""`meanrev help`: a command's help, or a text on what several commands share."""

import click
from rich.text import Text

from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.shared import Shared, shared_flags
from meanrev_cli.topics import TOPICS

__all__ = ["help"]


@click.command()
@click.argument("topic", nargs=-1)
@shared_flags
def help(shared: Shared, topic: tuple[str, ...]) -> None:  # noqa: A001 - it is the word on the command line
    """Explain TOPIC: a command, such as `scan` or `jobs list`, or what several commands share.

    Without TOPIC it lists what there is.
    """
    text = _text(topic)
    shared.show({"topic": " ".join(topic), "text": text}, Text(text.rstrip("\n")))


def _text(topic: tuple[str, ...]) -> str:
    if not topic:
        listed = "\n".join(f"  {name:10} {text.partition(chr(10))[0]}" for name, text in TOPICS.items())
        return f"meanrev help COMMAND explains a command; meanrev --help lists them.\n\nTopics:\n{listed}\n"
    if len(topic) == 1 and topic[0] in TOPICS:
        return TOPICS[topic[0]]
    context = click.get_current_context().find_root()
    command: click.Command = context.command
    for word in topic:
        found = command.get_command(context, word) if isinstance(command, click.Group) else None
        if found is None:
            known = command.list_commands(context) if isinstance(command, click.Group) else []
            allowed = ", ".join([*known, *(TOPICS if len(topic) == 1 else ())])
            rule = (
                f"TOPIC must be one of {allowed}" if allowed else f"{context.command_path} has no commands of its own"
            )
            raise Failure(ExitCode.USAGE, f"{rule}, got {' '.join(topic)!r}")
        context, command = click.Context(found, info_name=word, parent=context), found
    return command.get_help(context) + "\n"
