"""docs/faults.md, written from the JSON of a run."""

from collections.abc import Mapping
from typing import Any

from bench.faults.catalogue import catalogue
from bench.faults.rows import Spec

__all__ = ["measured", "rendered"]

_HEAD = """# Faults that the server withstands

`make fault-table` starts servers, carries out each attack below, measures what comes of it, compares that with
what is required, and writes this page and `bench/results/faults-{date}.json`. Nothing on this page is written by hand.

Measured on {date} at {commits}, on {cores} shared cores ({cpu}) with CPython {python}, grpcio {grpcio} and
numpy {numpy}. Other work shares these cores, as do the enemy and the honest caller, so times are no better than that.
The control of the lag is that of an idle event loop in the honest caller's process: where that is late too, the
machine was, and not the server. The load average of the machine was {loads}.

**Of {all} rows {held} hold, {failed} do not, and {missing} were not measured.**

An honest caller makes short calls all the time (log returns, thresholds, principal components), without retries. The
lag is that of a timer on the server's event loop. The memory is the resident memory of the server's process and its
children. Unless a row says otherwise, the servers have 1 GiB of budgets in all: 512 MiB of `max_bytes_in_flight`, and
128 MiB each of `max_queue_bytes`, `max_reply_bytes_in_flight`, `max_result_bytes` and `max_state_bytes`. The last but
one column compares the most memory with 1 GB and these budgets. A bound is in brackets behind its figure; a figure
without one is there to be seen. [tuning](tuning.md) explains the settings, and says what only a proxy can bound.
"""

_SUBJECTS = {
    "1": "Large, compressed and cut-off messages",
    "2": "Replies that nobody reads",
    "3": "Small requests that ask for much, and callers that leave",
    "4": "Requests that hold up the event loop",
    "5": "Calls that are opened and left alone, and what callers leave",
    "6": "Workers that stand still or end",
    "7": "Hostile input, and the log",
    "8": "Servers that are killed under our client",
    "9": "Connections",
    "10": "A lone large matrix",
    "11": "Restarts",
    "12": "Identities",
    "13": "Health and reflection",
    "14": "No home, no disk, no compiler",
    "15": "Clocks, signals and killed builds",
    "16": "Scripts that do not end well",
    "17": "What Info says",
}


def rendered(document: Mapping[str, Any]) -> str:
    """Return the page of a run's document."""
    rows = {row["row"]: row for row in document["rows"]}
    machine = document["machine"]
    commits = sorted({row["commit"][:12] for row in document["rows"]})
    loads = [row["load"] for row in rows.values() if "load" in row]
    head = _HEAD.format(
        loads=f"{min(loads):g} to {max(loads):g}" if loads else "not kept",
        date=document["date"],
        commits=f"commit {commits[0]}" if len(commits) == 1 else f"commits {', '.join(commits)}",
        cores=machine["cores"],
        cpu=machine["cpu"],
        python=machine["python"],
        grpcio=machine["versions"]["grpcio"],
        numpy=machine["versions"]["numpy"],
        all=len(catalogue()),
        held=sum(row["holds"] for row in rows.values()),
        failed=sum(not row["holds"] for row in rows.values()),
        missing=len(catalogue()) - len(rows),
    )
    parts = [head]
    for subject, title in _SUBJECTS.items():
        specs = [spec for spec in catalogue().values() if spec.number.split(".")[0] == subject]
        parts.append(f"\n## {title}\n\n")
        parts.append("| | fault | required | measured | holds | memory, of allowed | defence and test |\n")
        parts.append("|---|---|---|---|---|---|---|\n")
        parts.extend(_row(spec, rows.get(spec.number)) for spec in specs)
    return "".join(parts)


def measured(row: Mapping[str, Any]) -> str:
    """Return the figures of a row as text."""
    return "; ".join(map(_figure, row["figures"]))


def _row(spec: Spec, row: Mapping[str, Any] | None) -> str:
    fault = f"{spec.fault} ({spec.settings})" if spec.settings else spec.fault
    path, _, name = spec.test.partition("::")
    defence = f"{spec.defence}; [{name}](../{path})"
    if row is None:
        return f"| {spec.number} | {fault} | {spec.required} | | not measured | | {defence} |\n"
    memory = f"{row['peak_mb']:,} of {row['allowed_mb']:,} MB" if row["allowed_mb"] else "no server's"
    holds = "yes" if row["holds"] else "**does not hold**"
    said = "; ".join(filter(None, (measured(row), row["broke_off"])))
    return f"| {spec.number} | {fault} | {spec.required} | {said} | {holds} | {memory} | {defence} |\n"


def _figure(each: Mapping[str, Any]) -> str:
    unit = f" {each['unit']}" if each["unit"] and not isinstance(each["value"], str) else ""
    bounds = [f"{sign} {_number(each[name])}" for name, sign in (("least", "≥"), ("most", "≤")) if name in each]
    text = f"{each['what']}: {_number(each['value'])}{unit}"
    text += f" ({', '.join(bounds)})" if bounds else ""
    return text if each["holds"] else f"**{text}**"


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
