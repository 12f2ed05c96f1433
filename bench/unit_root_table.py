"""Makes gpu_kernels/ou/unit_root_table.csv: what an estimated decay says of the true one, for every number of pairs.

    PYTHONPATH=. python bench/unit_root_table.py gpu_kernels/ou/unit_root_table.csv

The least-squares estimate of b is below r exactly where a quadratic form in the Gaussian steps is below 0, and Imhof's
integral gives the probability of that. So the acceptance ranges have no simulation error; gpu_kernels/ou/unit_root.py
states them. The last layer, the 95 % quantile of the t value of the step at the true mean, is no such form: it is
simulated with a fixed seed, and a polynomial in sqrt(c) and in 1/n smooths it.

Probabilities are exact for the numbers of pairs in PAIRS; a cubic spline in 1/sqrt(n) gives the rows between. The row
of infinitely many pairs is extrapolated from the largest two numbers in 1/n, and beyond them from the normal limit.

References:
    Imhof (1961), Computing the distribution of quadratic forms in normal variables, equation 3.2.
    Andrews (1993), Exactly median-unbiased estimation of first order autoregressive/unit root models, section 3.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.stats import norm

from gpu_kernels.constants import constants

Floats = np.ndarray[Any, np.dtype[np.float64]]

PAIRS = (10, 12, 15, 20, 27, 40, 60, 100, 170, 300, 600)
_KERNEL = constants("ou/unit_root.h")
ROWS, COLUMNS = int(_KERNEL["TABLE_ROWS"]), int(_KERNEL["TABLE_COLUMNS"])
FEWEST, SHIFT, HALFWAY = _KERNEL["FEWEST_PAIRS"], _KERNEL["ORIGIN_SHIFT"], _KERNEL["HALFWAY"]
"""Of the table's coordinates: see gpu_kernels/ou/unit_root.py."""

MISSED, TURN = 0.05, 4.0
"""Share of estimates outside a range, and the c at which the upper half of it has grown to 63 %."""

SEED, DRAWS = 20261130, 100_000
REACH_PAIRS = (10, 20, 50, 200, 800)
REACH_DISTANCES = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 7.0, 12.0, 20.0, 35.0, 60.0, 100.0)


def forms(n_pairs: int, decay: float) -> tuple[Floats, Floats]:
    """Return A and B with estimate = e'Ae / e'Be, for standard normal e (n_pairs + 1,)."""
    places = np.arange(n_pairs + 1)
    since = places[:, None] - places
    path = np.where(since >= 0, decay ** np.maximum(since, 0), 0.0)  # of the steps; the first one is the first price
    path[:, 0] *= 0.0 if decay == 1.0 else 1.0 / np.sqrt(1.0 - decay * decay)
    lags = path[:-1] - path[:-1].mean(axis=0)
    product = lags.T @ path[1:]
    return 0.5 * (product + product.T), lags.T @ lags


def below(a: Floats, b: Floats, bound: float) -> float:
    """Return the probability that the estimate is below a bound, by Imhof's integral over the logarithm of u."""
    values = np.linalg.eigvalsh(a - bound * b)
    largest = np.abs(values).max()
    values = values[np.abs(values) > 1e-14 * largest]
    places = np.linspace(np.log(1e-7 / np.abs(values).sum()), np.log(1e9 / largest), 600)
    scaled = np.exp(places)[:, None] * values
    angle, size = 0.5 * np.arctan(scaled).sum(axis=1), 0.25 * np.log1p(scaled * scaled).sum(axis=1)
    integral = float(np.sum(np.sin(angle) * np.exp(-size)) * (places[1] - places[0]))
    return min(max(0.5 - integral / np.pi, 1e-12), 1.0 - 1e-12)


def shares(distance: float) -> tuple[float, float]:
    """Return the probabilities of an estimate of b below the acceptance range, and above it."""
    above = 0.5 * MISSED * -float(np.expm1(-distance / TURN))
    return MISSED - above, above


def ranges(n_pairs: int, distance: float) -> list[float]:
    """Return n, c, and the distances n (1 - b^) at the median and at the lower and the upper end of the range of b^."""
    decay = 1.0 - distance / n_pairs
    a, b = forms(n_pairs, decay)
    spread = np.sqrt(max(1.0 - decay * decay, 0.0) / n_pairs + 6.0 / n_pairs**2)
    tries = np.array([-4.5, -3.2, -2.4, -1.8, -1.2, -0.6, 0.0, 0.6, 1.2, 1.8, 2.4, 3.2, 4.5])
    tried = decay - (1.0 + 3.0 * decay) / n_pairs + spread * tries
    normal = norm.ppf([below(a, b, each) for each in tried])
    rising = np.concatenate([[True], np.diff(np.maximum.accumulate(normal)) > 1e-6])
    inverse = PchipInterpolator(normal[rising], tried[rising])
    lower, upper = shares(distance)
    found = [float(n_pairs), distance]
    for share in (0.5, lower, 1.0 - upper):
        if share > 1.0 - 1e-6:
            found.append(-SHIFT)
            continue
        target = float(np.clip(norm.ppf(share), normal[rising][0], normal[rising][-1]))
        bound, slope = float(inverse(target)), float(inverse.derivative()(target))
        for _ in range(2):
            bound += (target - norm.ppf(below(a, b, bound))) * slope
        found.append(n_pairs * (1.0 - bound))
    return found


def distances(n_pairs: int) -> Floats:
    """Return the c of the exact ranges, up to beyond b = 0."""
    near = [0.0, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0]
    root = np.concatenate([near, np.arange(10.0, 60.0, 2.0)])
    top = np.sqrt(2.8 * n_pairs)
    return np.square(np.append(root[root < top], top)) / 2.0


def all_ranges() -> Floats:
    """Return the ranges of every number of pairs and distance, one a row."""
    jobs = [(n, float(c)) for n in reversed(PAIRS) for c in distances(n)]
    with ProcessPoolExecutor(2) as pool:
        return np.array(list(pool.map(ranges, *zip(*jobs, strict=True), chunksize=4)))


def scale(gap: Floats, n_pairs: float) -> Floats:
    """Return about the standard deviation of c^."""
    return np.sqrt(1.0 + gap * np.maximum(2.0 - gap / n_pairs, 0.0))


def inverted(found: Floats, n_pairs: int, gap: Floats) -> Floats:
    """Return the entries (3, columns) of one number of pairs; beyond its largest estimate the last one stands on."""
    mine = found[found[:, 0] == n_pairs]
    mine = mine[np.argsort(mine[:, 1])]
    entries = []
    for ends in mine[:, 2:].T:
        keep = np.concatenate([[True], np.diff(np.maximum.accumulate(ends)) > 1e-9])
        inverse = PchipInterpolator(ends[keep], mine[keep, 1])
        estimate = np.minimum(gap - SHIFT, ends[-1])
        first, rise = ends[0], float(inverse.derivative()(ends[0]))
        true = np.where(estimate < first, rise * (estimate - first), inverse(np.maximum(estimate, first)))
        entries.append((true - estimate) / scale(estimate + SHIFT, n_pairs))
    return np.array(entries)


def layers(found: Floats) -> Floats:
    """Return the three layers (3, ROWS, COLUMNS) of distances."""
    u = np.arange(COLUMNS - 1) / (COLUMNS - 1)
    root = HALFWAY * u / (1.0 - u)
    gap = root * root / 2.0
    exact = np.array([inverted(found, n, gap) for n in PAIRS])
    n_1, n_2 = PAIRS[-2:]
    limit = exact[-1] + (exact[-1] - exact[-2]) * (1.0 / n_2) / (1.0 / n_1 - 1.0 / n_2)
    known = gap < 0.4 * n_1
    normal = np.array([0.0, -norm.ppf(1 - MISSED / 2), norm.ppf(1 - MISSED / 2)])
    inverse_root = np.append(1.0 / np.maximum(root, 1e-9), 0.0)[::-1]
    rows = np.linspace(0.0, 1.0, ROWS)
    out = np.empty((3, ROWS, COLUMNS))
    for layer in range(3):
        held = np.append(known, True)[::-1]
        values = np.append(limit[layer], normal[layer])[::-1]
        smooth = PchipInterpolator(inverse_root[held], values[held])
        whole = np.where(known, limit[layer], smooth(1.0 / np.maximum(root, 1e-9)))
        places = np.concatenate([[0.0], np.sqrt(FEWEST / np.array(PAIRS[::-1]))])
        out[layer, :, :-1] = CubicSpline(places, np.vstack([whole, exact[::-1, layer]]))(rows)
        out[layer, :, -1] = normal[layer]
    return out


def reach(n_pairs: int, distance: float) -> float:
    """Return the 95 % quantile of |t| of the step at the true mean, simulated."""
    source = np.random.default_rng(SEED)
    decay = 1.0 - distance / n_pairs
    price = source.normal(size=DRAWS) / np.sqrt(1.0 - decay * decay) if decay < 1.0 else np.zeros(DRAWS)
    sums = np.zeros((5, DRAWS))
    for _ in range(n_pairs):
        following = decay * price + source.normal(size=DRAWS)
        step = following - price
        sums += (price, step, price * price, price * step, step * step)
        price = following
    lag, step, xx, xd, dd = sums / n_pairs
    sxx, sxd, sdd = xx - lag * lag, xd - lag * step, dd - step * step
    slope = sxd / sxx
    residual = (sdd - slope * sxd) * n_pairs / (n_pairs - 2)
    t = (step - slope * lag) / np.sqrt(residual / n_pairs * (1.0 + lag * lag / sxx))
    return float(np.quantile(np.abs(t), 1.0 - MISSED))


def reaches(middle: Floats) -> Floats:
    """Return the layer (ROWS, COLUMNS) of quantiles, at the median-unbiased distance of each estimate."""
    u = np.arange(COLUMNS - 1) / (COLUMNS - 1)
    gap = np.square(HALFWAY * u / (1.0 - u)) / 2.0
    places, values = [], []
    for n in REACH_PAIRS:
        for c in REACH_DISTANCES:
            if c < n:
                places.append((c, 1.0 / n))
                values.append(reach(n, c))

    def design(c: Floats, per: Floats) -> Floats:
        s = 1.0 / (1.0 + 0.3 * np.sqrt(c))
        terms = [s, s**2, s**3, s**4, per * np.ones_like(s), per * s, per * s**2, per**2]
        return np.stack(terms, axis=-1)

    c, per = np.array(places).T
    weights = np.linalg.lstsq(design(c, per), np.array(values) + norm.ppf(MISSED / 2))[0]
    out = np.empty((ROWS, COLUMNS))
    for row, v in enumerate(np.linspace(0.0, 1.0, ROWS)):
        n = FEWEST / max(v * v, 1e-12)
        true = np.clip(gap - SHIFT + scale(gap, n) * middle[row, :-1], 0.0, n)
        out[row, :-1] = design(true, np.full_like(true, 1.0 / n)) @ weights - norm.ppf(MISSED / 2)
        out[row, -1] = design(np.array([1e12]), np.array([1.0 / n]))[0] @ weights - norm.ppf(MISSED / 2)
    print("quantiles: largest error of the fit", np.abs(design(c, per) @ weights - norm.ppf(MISSED / 2) - values).max())
    return out


def main() -> None:
    """Write the table."""
    found = layers(all_ranges())
    table = np.concatenate([found, reaches(found[0])[None]])
    lines = [", ".join(f"{value:.4f}" for value in row) for row in table.reshape(-1, COLUMNS)]
    Path(sys.argv[1]).write_text(",\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
