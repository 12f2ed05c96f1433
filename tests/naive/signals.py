"""Oracle of signals: the rules as a table of cases, and first passage by mpmath's quadrature or by simulation."""

import mpmath
import numpy as np


def zscore(price, theta, mu, sigma):
    with mpmath.workdps(40):
        return float((mpmath.mpf(price) - mpmath.mpf(mu)) / (mpmath.mpf(sigma) / mpmath.sqrt(2 * mpmath.mpf(theta))))


def signal(z, entry, leave, position):
    if position == "long":
        return "sell" if z >= -leave else "hold"
    if position == "short":
        return "buy" if z <= leave else "hold"
    if z <= -entry:
        return "buy"
    return "sell" if z >= entry else "hold"


def exit_probability(losing, leave, stop):
    """Scale function of the process, integrated: the share of [exit, stop] that lies beyond `losing`."""
    if losing <= leave:
        return 1.0
    if losing >= stop:
        return 0.0
    with mpmath.workdps(40):

        def scale(low):
            return mpmath.quad(lambda t: mpmath.exp((t * t - mpmath.mpf(stop) ** 2) / 2), mpmath.linspace(low, stop, 9))

        return float(scale(losing) / scale(leave))


def simulated_exit_share(source, losing, leave, stop, *, paths, step):
    """Share of paths dz = -z dt + sqrt 2 dW from `losing` that meet the exit first; exact steps, watched at steps."""
    decay = float(mpmath.exp(-step))
    noise = float(mpmath.sqrt(1 - mpmath.exp(-2 * step)))
    alive, won = np.full(paths, losing), 0
    while alive.size:
        alive = alive * decay + noise * source.standard_normal(alive.size)
        won += int((alive <= leave).sum())
        alive = alive[(alive > leave) & (alive < stop)]
    return won / paths
