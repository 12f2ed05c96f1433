"""Computes the columns `sharpe_*` and `kelly_*` of thresholds.csv anew, at 40 digits.

    python tests/golden/make_thresholds.py

It shares no code with the product. The costs count in the variance of the equity; the columns `frictionless_*` have the
values of the literature, which leaves them out, and are not touched.
"""

import csv
from pathlib import Path

import mpmath as mp

TABLE = Path(__file__).with_name("thresholds.csv")


def fall(entry, leave):
    """Return the mean time from entry down to leave, in units of 1/theta."""
    return mp.quad(lambda z: mp.exp(z * z / 2) * mp.sqrt(mp.pi / 2) * mp.erfc(z / mp.sqrt(2)), [leave, 0, entry])


def cycle(entry, leave):
    """Return the mean time between two entries."""
    return mp.quad(lambda z: mp.exp(z * z / 2) * mp.sqrt(mp.pi / 2), [leave, 0, entry])


def variance(k, entry, leave):
    """Return the quadratic variation of the equity in a trade: its time in the market, and two fees of k/2."""
    return 2 * fall(entry, leave) + k * k / 2


def optimum(k, guess):
    """Return entry and exit of the largest Sharpe ratio, where its logarithm has no slope."""

    def by_entry(entry, leave):
        slope = mp.exp(entry**2 / 2) * mp.sqrt(mp.pi / 2)
        inside = slope * mp.erfc(entry / mp.sqrt(2))
        return 1 / (entry - leave - k) - inside / variance(k, entry, leave) - slope / (2 * cycle(entry, leave))

    def by_exit(entry, leave):
        slope = mp.exp(leave**2 / 2) * mp.sqrt(mp.pi / 2)
        inside = slope * mp.erfc(leave / mp.sqrt(2))
        return -1 / (entry - leave - k) + inside / variance(k, entry, leave) + slope / (2 * cycle(entry, leave))

    return mp.findroot(lambda e, x: (by_entry(e, x), by_exit(e, x)), guess, tol=mp.mpf(10) ** -60)


def figures(row):
    """Return the columns of a row."""
    theta, sigma, c = (mp.mpf(row[name]) for name in ("theta", "sigma", "c"))
    s = sigma / mp.sqrt(2 * theta)
    k = c / s
    guess = tuple(mp.mpf(row[f"frictionless_sharpe_{name}"]) for name in ("entry_z", "exit_z"))
    entry, leave = optimum(k, guess)
    inside, whole, spread = fall(entry, leave) / theta, cycle(entry, leave) / theta, variance(k, entry, leave) * s * s
    earned = (entry - leave) * s - c
    return {
        "sharpe_entry_z": entry,
        "sharpe_exit_z": leave,
        "sharpe_per_sqrt_time": earned / mp.sqrt(spread * whole),
        "sharpe_in_trade_time": inside,
        "sharpe_cycle_time": whole,
        "sharpe_profit_per_trade": earned,
        "kelly_fraction_uncapped": earned / spread,
        "kelly_growth": earned**2 / (2 * spread * whole),
    }


def main():
    """Rewrite the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with mp.workdps(40):
        for row in rows:
            row.update({name: mp.nstr(value, 20) for name, value in figures(row).items()})
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
