"""Makes gpu_kernels/sweep/rolling_loss.csv: what a rolling score keeps of the Sharpe ratio, by its lookback.

    PYTHONPATH=. python bench/rolling_loss_table.py gpu_kernels/sweep/rolling_loss.csv

bench/calibration/rolling.py states how it is simulated; the same seed gives the same table.
"""

import argparse
from pathlib import Path

from bench.calibration.rolling import DESIGN, HALF_LIVES, shares

_SERIES = 2_000


def main() -> None:
    """Simulate, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    found = shares(DESIGN, HALF_LIVES, _SERIES)
    rows = [f"{each:g},{share:.4f},{error:.4f}" for each, (share, error) in zip(HALF_LIVES, found, strict=True)]
    parser.parse_args().file.write_text("\n".join(["half_lives,share,std_error", *rows, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
