"""`meanrev config`: the settings in force and their origins."""

import click
import msgspec
from rich.table import Table

from meanrev_cli.settings import settings_from
from meanrev_cli.shared import Shared, shared_flags
from meanrev_server.config import origins

__all__ = ["config"]


@click.command()
@click.option("--show", is_flag=True, expose_value=False, help="Show them: what the command does in any case.")
@shared_flags
def config(shared: Shared) -> None:
    """Show every setting of `meanrev serve` as it would start here, and where each came from.

    A later source wins: default, then the --config file, then MEANREV_<SETTING>, then the flags of `meanrev serve`.
    """
    values = msgspec.to_builtins(settings_from(shared, {}))
    came_from = origins(shared.config, shared.environ)
    table = Table("setting", "value", "from", box=None, pad_edge=False, header_style="bold")
    for name, value in values.items():
        plain = came_from[name] == "default"
        table.add_row(name, msgspec.json.encode(value).decode(), came_from[name], style="" if not plain else "dim")
    shared.show({name: {"value": value, "from": came_from[name]} for name, value in values.items()}, table)
