"""`meanrev completion`: the script by which a shell completes the command's words."""

import click
from click.shell_completion import get_completion_class
from rich.text import Text

from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.shared import Shared, shared_flags

__all__ = ["completion"]

_SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_MEANREV_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@shared_flags
def completion(shared: Shared, shell: str) -> None:
    """Print the script by which SHELL completes the words of `meanrev`.

    bash: meanrev completion bash > ~/.local/share/bash-completion/completions/meanrev

    zsh: meanrev completion zsh > a file _meanrev in a folder of $fpath

    fish: meanrev completion fish > ~/.config/fish/completions/meanrev.fish
    """
    found = get_completion_class(shell)
    if found is None:
        raise Failure(ExitCode.USAGE, f"click, which makes the scripts, has none for {shell}")
    root = click.get_current_context().find_root().command
    script = found(root, {}, "meanrev", _VARIABLE).source()
    shared.show({"shell": shell, "script": script}, Text(script, no_wrap=True, overflow="ignore"))
