"""docs/benchmarks.md: the rows of the newest run of each benchmark, with the machine and the peer of each."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["RESULTS", "newest", "page"]

RESULTS = Path(__file__).resolve().parents[2] / "bench" / "results"
SECTIONS = {
    "targets": (
        "The maths beside its peers",
        "Medians of runs that take turns with the peer, in one process, on two threads.",
    ),
    "rpc": ("Calls over gRPC", "A server in a process of its own, and a load in C++ on the same two cores."),
    "overhead": ("What guarding and watching a call costs", "In the serving process, beside the work of the call."),
    "matrices": ("Kept matrices", "The same request by upload and by the id of a matrix that the server keeps."),
}
"""Runs that have rows: title, and how they are measured."""

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (0.0, "ns"))
BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (0.0, "B"))


def newest(kind: str) -> tuple[str, Mapping[str, Any]]:
    """Return the name and the content of the newest result of a kind.

    Args:
        kind: What the name begins with, before the date.
    """
    paths = [path for path in RESULTS.glob(f"{kind}-*.json") if re.fullmatch(rf"{kind}-[\d-]+\.json", path.name)]
    path = max(paths)
    return path.name, json.loads(path.read_text(encoding="utf-8"))


def page() -> str:
    """Return the page."""
    sections = ["\n".join(_section(kind, *words)) for kind, words in SECTIONS.items()]
    text = TEXT.replace("<SECTIONS>", "\n\n".join(sections))
    for name, lines in {"BATCH": _batch(), "INTAKE": _intake(), "FUZZ": _fuzz(), "SOAK": _soak()}.items():
        text = text.replace(f"<{name}>", "\n".join(lines))
    return text


def _section(kind: str, title: str, method: str) -> Iterator[str]:
    name, found = newest(kind)
    yield f"## {title}"
    yield ""
    yield f"{method} {_source(name, found)}"
    yield ""
    yield "| work | meanrev | peer | its time | ratio | target | remarks |"
    yield "|---|---|---|---|---|---|---|"
    for row in found["rows"]:
        yield _row(row)


def _row(row: Mapping[str, Any]) -> str:
    scale = BYTES if row["unit"] == "B" else UNITS
    reached = "reached" if row["reached"] else "**missed**"
    if row["peer"]:
        least = f"{_rounded(row['target'])} times"
        theirs, ratio = _measure(row["theirs"], scale), _rounded(row["theirs"] / row["ours"])
    else:
        least, theirs, ratio = _measure(row["target"], scale), "", ""
    cells = (row["work"], _measure(row["ours"], scale), row["peer"], theirs, ratio, f"{least}: {reached}", row["note"])
    return f"| {' | '.join(cells)} |"


def _measure(value: float, scale: tuple[tuple[float, str], ...]) -> str:
    least, unit = next(step for step in scale if abs(value) >= step[0])
    divisor = least or (1e-9 if unit == "ns" else 1.0)
    return f"{_rounded(value / divisor)}\N{NO-BREAK SPACE}{unit}"


def _rounded(value: float) -> str:
    """Return three digits, without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _source(name: str, found: Mapping[str, Any]) -> str:
    """Return where figures come from: file, machine, versions and commit."""
    machine = f"{found['cpu']}, {found.get('threads', found.get('cpus', 2))} cores, {found['vectors']}"
    return f"From `{name}`: {machine}, Python {found['python']}, at commit `{found['commit'][:12]}`."


def _batch() -> Iterator[str]:
    name, found = newest("batch")
    many, (names, bars) = found["many"], found["many_names"]
    yield _source(name, found)
    yield ""
    yield "| universe | pairs | traded | chunks | time | peak memory of a worker | of the command |"
    yield "|---|---|---|---|---|---|---|"
    for size, run in ((found["names_and_bars"], found["two_workers"]), ((names, bars), many)):
        peak = f"{run['driver_peak_mb']:,.0f} MB" if "driver_peak_mb" in run else ""
        yield (
            f"| {size[0]:,} names, {size[1]:,} bars | {run['n_pairs']:,} | {run['n_selected']:,} | {run['chunks']} | "
            f"{run['wall_s']:.1f} s | {run['worker_mb']:,.0f} MB | {peak} |"
        )


def _intake() -> Iterator[str]:
    name, found = newest("intake")
    yield f"From `{name}`: {found['cpus']} cores, polars reading the same file beside it. The peer only parses;"
    yield "`read_file` also finds the times and checks every cell."
    yield ""
    yield "| file | size | `read_file` | polars | its peak memory | ours |"
    yield "|---|---|---|---|---|---|"
    for kind in ("csv", "parquet"):
        yield (
            f"| {kind} | {found[f'{kind}_mb']:,.0f} MB | {found[f'{kind}_best_s']:.2f} s | "
            f"{found[f'{kind}_polars_best_s']:.2f} s | {found[f'{kind}_polars_peak_mib']:,.0f} MiB | "
            f"{found[f'{kind}_peak_mib']:,.0f} MiB |"
        )


def _fuzz() -> Iterator[str]:
    name, found = newest("fuzz")
    codes = ", ".join(f"{count:,} {code}" for code, count in sorted(found["codes"].items(), key=lambda item: -item[1]))
    yield f"{_source(name, found)} {found['calls']:,} random requests of every method, seed {found['seed']}: {codes}."


def _soak() -> Iterator[str]:
    name, found = newest("soak")
    calls, attacks = sum(found["calls"].values()), sum(found["attacks"].values())
    yield (
        f"{_source(name, found)} {calls:,} honest calls and {attacks:,} attacks in {found['minutes']:.0f} minutes; "
        f"{found['refused']:,} honest calls were refused."
    )


TEXT = """# Benchmarks

What the benchmarks of `bench/` measured last. The page is written from `bench/results/` by `python -m tests.pages`, and
a test compares them, so that no figure here is typed by hand. `make bench` measures anew.

- Each row has its **peer in the same run**, on the same machine, and asserts once that both give the same result. The
  ratio is the peer's time over ours. Peers that are slow run on less work, and the remark says how their time was
  scaled.
- A **target** was set before the measurement. It is a least ratio, or a most time where there is no peer. A missed
  target stays on the page; [decision 0006](decisions/0006-figures-short-of-their-targets.md) says why most of them are
  missed.
- The machine is shared with other work. On another one absolute times differ, and ratios less.
- **Nothing on this page was measured on a GPU.** [What runs on a GPU](gpu.md) counts launches and copies, and
  `make gpu` measures them where there is one.

<SECTIONS>

## Batch runs

<BATCH>

## Reading files

<INTAKE>

## Random requests and half an hour of load

<FUZZ>

<SOAK>
"""
