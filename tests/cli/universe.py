"""Four series that share a random walk, and files of them."""

import csv

import numpy as np

NAMES = ("A", "B", "C", "D")


def prices():
    """(320, 4) positive prices."""
    rng = np.random.default_rng(11)
    common = np.cumsum(rng.normal(0, 0.01, 320))
    noise = np.zeros((320, 4))
    for t in range(1, 320):
        noise[t] = 0.8 * noise[t - 1] + rng.normal(0, 0.01, 4)
    return 50 * np.exp(common[:, None] + noise)


def write(path, values, names=NAMES):
    """Write a CSV file with a column of dates."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["date", *names])
        for day, row in enumerate(values.tolist()):
            writer.writerow([np.datetime64("2020-01-01") + day, *row])
    return path
