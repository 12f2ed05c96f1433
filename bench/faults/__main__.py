"""Carry out the attacks, print what they measure, and keep it."""

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.faults import keeping, page, trial
from bench.faults.catalogue import catalogue
from bench.faults.rows import Spec


def measured(spec: Spec) -> dict[str, object]:
    """Carry out the attack of a row; an attack that fails is a row that does not hold."""
    trial.PEAKS.clear()
    began = time.monotonic()
    figures = []
    said = ""
    try:
        figures.extend(spec.run())
    except Exception as error:  # noqa: BLE001 - the other rows are measured all the same
        said = f"the attack broke off: {type(error).__name__}: {error}"
    load = os.getloadavg()[0]
    peak, allowed = max(trial.PEAKS, key=lambda each: each[0] / each[1], default=(0, 0))
    return {
        "row": spec.number,
        "figures": [keeping.figure(each) for each in figures],
        "broke_off": said,
        "peak_mb": round(peak / 1e6),
        "allowed_mb": round(allowed / 1e6),
        "load": round(load, 1),
        "seconds": round(time.monotonic() - began, 1),
        "holds": not said and peak <= allowed and all(each.holds for each in figures),
    }


def line(found: dict[str, object]) -> str:
    """Return what a row measured as text."""
    verdict = "holds" if found["holds"] else "DOES NOT HOLD"
    return f"{found['row']:6}{verdict:15}{found['seconds']:6} s  {page.measured(found)} {found['broke_off']}"


def main() -> int:
    """Measure some rows, or all; 1 where one does not hold."""
    parser = argparse.ArgumentParser(prog="bench.faults", description=__doc__)
    parser.add_argument("--rows", default="", help="numbers, such as 1,2 or 3.1; all where not given")
    parser.add_argument("--out", type=Path, help="folder for the JSON; rows of the same day's file are replaced")
    parser.add_argument("--page", type=Path, help="where to write the table")
    chosen = parser.parse_args()
    wanted = [each for each in chosen.rows.split(",") if each]
    specs = [
        spec for spec in catalogue().values() if not wanted or {spec.number, spec.number.split(".")[0]} & {*wanted}
    ]
    path = chosen.out and chosen.out / f"faults-{datetime.now(UTC):%Y-%m-%d}.json"
    found = []
    for spec in specs:
        found.append(measured(spec))
        print(line(found[-1]), flush=True)
        if path:
            keeping.keep(path, found[-1])
    if path and chosen.page:
        chosen.page.write_text(page.rendered(keeping.read(path)), encoding="utf-8")
    return 0 if all(each["holds"] for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
