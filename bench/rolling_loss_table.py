"""Makes gpu_kernels/sweep/rolling_loss.csv: what a rolling score keeps of the Sharpe ratio, by lookback and cost.

    PYTHONPATH=. python bench/rolling_loss_table.py gpu_kernels/sweep/rolling_loss.csv

bench/calibration/rolling.py states how it is simulated; the same seed gives the same table.
"""

import argparse
from pathlib import Path

from bench.calibration.rolling import DESIGNS, HALF_LIVES, shares

_SERIES = 2_000


def main() -> None:
    """Simulate, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    file = parser.parse_args().file
    rows = ["cost,half_lives,share,std_error"]
    for design in DESIGNS:
        found = shares(design, HALF_LIVES, _SERIES)
        for half_lives, (share, error) in zip(HALF_LIVES, found, strict=True):
            rows.append(f"{design[1]:g},{half_lives:g},{share:.4f},{error:.4f}")
    file.write_text("\n".join([*rows, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
