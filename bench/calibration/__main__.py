"""Measures sections, keeps them, and makes docs/calibration.md of all that are kept.

    PYTHONPATH=. python -m bench.calibration --out bench/results [unit-root ...]

With --page alone nothing is measured.
"""

import argparse
from pathlib import Path

from bench.calibration import discoveries, hedge, reversion, rolling, search, trading, unit_root
from bench.calibration.section import page, write

MODULES = {module.NAME: module for module in (unit_root, reversion, hedge, trading, rolling, search, discoveries)}
PAGE = Path(__file__).resolve().parents[2] / "docs" / "calibration.md"


def main() -> None:
    """Run what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"of {', '.join(MODULES)}; all where none is named")
    parser.add_argument("--out", type=Path, default=Path("bench/results"), help="folder of the files")
    parser.add_argument("--page", action="store_true", help="make the page of what is kept, and measure nothing")
    given = parser.parse_args()
    for name in () if given.page else given.sections or MODULES:
        print(write(MODULES[name].measured(), name, given.out))
    PAGE.write_text(page(given.out), encoding="utf-8")


if __name__ == "__main__":
    main()
