"""`meanrev doctor`: checks of this machine and this installation."""

import click
from rich.table import Table
from rich.text import Text

from meanrev_cli.checkup import Finding, examine
from meanrev_cli.failure import ExitCode
from meanrev_cli.shared import Shared, shared_flags

__all__ = ["doctor"]


@click.command()
@shared_flags
@click.pass_context
def doctor(context: click.Context, shared: Shared) -> None:
    """Check versions, settings, the backend against known answers, GPU, CPU, memory and the address to listen on.

    Each red line comes with its fix; the exit code is that of the worst: 5 device, 3 address, 2 settings, 0 all well.
    """
    findings = list(examine(shared))
    worst = max(finding.code for finding in findings)
    document = {
        "ok": worst is ExitCode.OK,
        "findings": [
            {"name": finding.name, "ok": finding.code is ExitCode.OK, "found": finding.text, "fix": finding.fix}
            for finding in findings
        ],
    }
    shared.show(document, _picture(findings))
    context.exit(int(worst))


def _picture(findings: list[Finding]) -> Table:
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        well = finding.code is ExitCode.OK
        mark = Text("ok", style="green") if well else Text("RED", style="bold red")
        text = Text(finding.text, style="" if well else "red")
        if finding.fix:
            text.append(f"\nfix: {finding.fix}", style="bold")
        table.add_row(mark, Text(finding.name, style="bold"), text)
    return table
