"""Oracle of Johansen's test: moments of what Gram and Schmidt leave, and their eigenvalue problem, in 50 digits."""

import mpmath

from tests.naive import ou

DIGITS = 50


def fit(prices, det_order, lags, log=False):
    """The test of (T, N) prices, a dict of floats and lists; rows of vectors are the vectors."""
    with mpmath.workdps(DIGITS):
        levels = [[mpmath.log(p) if log else mpmath.mpf(p) for p in map(float, row)] for row in prices]
        lines = [line([row[i] for row in levels], det_order) for i in range(len(levels[0]))]
        around = [[p - a - b * t for p, (a, b) in zip(row, lines, strict=True)] for t, row in enumerate(levels)]
        steps, before, others = columns_of(around, det_order, lags)
        r0, r1 = leftover(steps, others), leftover(before, others)
        n = len(r0[0])
        s00, s11, s01 = moments(r0, r0), moments(r1, r1), moments(r0, r1)
        eigenvalues, vectors = solve(s00, s11, s01)
        shares = [-mpmath.log(1 - value) for value in eigenvalues]
        spread = [mpmath.fsum(w * p for w, p in zip(vectors[0], row, strict=True)) for row in around]
        process = ou.fit([float(value) for value in spread])
        found = {
            "eigenvalues": eigenvalues,
            "vectors": vectors,
            "max_eigenvalue_statistic": [n * share for share in shares],
            "trace_statistic": [n * mpmath.fsum(shares[r:]) for r in range(len(shares))],
            "spread": spread,
            "intercept": mpmath.fsum(w * a for w, (a, _) in zip(vectors[0], lines, strict=True)),
            "trend": mpmath.fsum(w * b for w, (_, b) in zip(vectors[0], lines, strict=True)),
        }
        plain = {name: as_floats(value) for name, value in found.items()}
        return {**plain, "n_samples": n, **{name: process.get(name) for name in ("theta", "mu", "sigma", "half_life")}}


def line(column, det_order):
    """Intercept and slope of what is taken out of a column."""
    if det_order < 0:
        return mpmath.mpf(0), mpmath.mpf(0)
    size = len(column)
    mean = mpmath.fsum(column) / size
    if det_order == 0:
        return mean, mpmath.mpf(0)
    middle = mpmath.mpf(size - 1) / 2
    cross = mpmath.fsum((t - middle) * p for t, p in enumerate(column))
    slope = cross / mpmath.fsum((t - middle) ** 2 for t in range(size))
    return mean - slope * middle, slope


def columns_of(levels, det_order, lags):
    """The columns of d_t, of y_{t-1}, and of the constant with d_{t-1} .. d_{t-lags}, for t > lags."""
    series = list(zip(*levels, strict=True))
    times = range(lags + 1, len(levels))
    steps = [[p[t] - p[t - 1] for t in times] for p in series]
    before = [[p[t - 1] for t in times] for p in series]
    lagged = [[p[t - i] - p[t - i - 1] for t in times] for i in range(1, lags + 1) for p in series]
    constant = [[mpmath.mpf(1) for _ in times]] if det_order >= 0 else []
    return steps, before, constant + lagged


def leftover(columns, others):
    """What least squares on the others leaves of the columns, by taking out one direction after the other."""
    rest = [*others, *columns]
    for place in range(len(others)):
        direction = rest[place]
        size = mpmath.fdot(direction, direction)
        for later in range(place + 1, len(rest)):
            part = mpmath.fdot(direction, rest[later]) / size
            rest[later] = [value - part * each for value, each in zip(rest[later], direction, strict=True)]
    return rest[len(others) :]


def moments(a, b):
    """The matrix of mean products of columns."""
    return mpmath.matrix([[mpmath.fdot(x, y) / len(x) for y in b] for x in a])


def solve(s00, s11, s01):
    """Eigenvalues, largest first, and vectors of |value S11 - S10 S00^-1 S01| = 0, by the Cholesky factor of S11."""
    inverse = mpmath.inverse(mpmath.cholesky(s11))
    values, columns = mpmath.eigsy(inverse * (s01.T * mpmath.inverse(s00) * s01) * inverse.T)
    order = sorted(range(len(values)), key=lambda i: -values[i])
    vectors = []
    for i in order:
        vector = list(inverse.T * columns[:, i])
        vectors.append([value * mpmath.sign(vector[0]) for value in vector])
    return [values[i] for i in order], vectors


def as_floats(value):
    return [as_floats(each) for each in value] if isinstance(value, list) else float(value)
