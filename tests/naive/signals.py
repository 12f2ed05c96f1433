"""Oracle of signals: the rules as a table of cases, and first passage by mpmath's quadrature or by simulation."""

import mpmath
import numpy as np
from scipy.linalg import solve_banded


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


def exit_within(losing, leave, horizon, n_places=1500, n_steps=400):
    """Probability of the exit within a time: Crank and Nicolson's scheme for the backward equation of survival."""
    z = np.linspace(leave, 9.0, n_places)
    width, inner = z[1] - z[0], np.arange(1, n_places - 1)
    down, up = 1 / width**2 + z[inner] / (2 * width), 1 / width**2 - z[inner] / (2 * width)
    alive = np.ones(n_places)
    alive[0] = 0.0

    def step(alive, length, implicit):
        known = alive.copy()
        moved = down * alive[inner - 1] - 2 / width**2 * alive[inner] + up * alive[inner + 1]
        known[inner] += (1 - implicit) * length * moved
        known[-1] = 0.0  # no slope at the far end
        bands = np.zeros((3, n_places))
        bands[1], bands[2, -2] = 1.0, -1.0
        bands[1, inner] += implicit * length * 2 / width**2
        bands[0, inner + 1], bands[2, inner - 1] = -implicit * length * up, -implicit * length * down
        return solve_banded((1, 1), bands, known)

    for _ in range(4):  # implicit steps first, for the corner at the exit
        alive = step(alive, horizon / n_steps / 4, 1.0)
    for _ in range(n_steps - 1):
        alive = step(alive, horizon / n_steps, 0.5)
    return 1.0 - np.interp(losing, z, alive)
