"""Thresholds by quadrature, root finding and simulation, straight from their definitions.

Standardised: X = z s, time in units of 1/theta, so dz = -z dt + sqrt(2) dW and a cost is k = c/s. A scale function's
derivative is exp(z^2/2) and the speed density is exp(-z^2/2), whatever closed forms the product uses.
"""

import math

import mpmath as mp
import numpy as np
from scipy.integrate import quad
from scipy.optimize import minimize, minimize_scalar


def time_to_fall(entry, leave):
    """Return the mean time of the process from entry down to leave: int scale' int_z^inf speed."""

    def inner(z):
        return math.exp(0.5 * z * z) * math.sqrt(math.pi / 2) * math.erfc(z / math.sqrt(2))

    return quad(inner, leave, entry, epsabs=0, epsrel=1e-12, limit=200)[0]


def time_to_leave_band(start, level):
    """Return the mean time from start until |z| reaches level."""

    def inner(z):
        return math.exp(0.5 * z * z) * math.sqrt(math.pi / 2) * math.erf(z / math.sqrt(2))

    return quad(inner, abs(start), level, epsabs=0, epsrel=1e-12, limit=200)[0]


def times(entry, leave):
    """Return the mean time in a trade and that between entries."""
    inside = time_to_fall(entry, leave)
    return inside, inside + time_to_leave_band(leave, entry)


def rate(k, entry, leave):
    return (entry - leave - k) / times(entry, leave)[1]


def variation(k, inside):
    """Return the quadratic variation of a trade: 2 a unit of the time inside, and two fees of k/2."""
    return 2 * inside + 2 * (k / 2) ** 2


def sharpe(k, entry, leave):
    """Return S per square root of 1/theta: profit a trade over the deviation of the equity in it."""
    inside, cycle = times(entry, leave)
    return (entry - leave - k) / math.sqrt(variation(k, inside) * cycle)


def growth(k, entry, leave, largest):
    """Return the growth of log wealth and the fraction, at most `largest`, that reaches it."""
    inside, cycle = times(entry, leave)
    earned = entry - leave - k
    fraction = min(earned / variation(k, inside), largest)
    return (fraction * earned - fraction**2 * variation(k, inside) / 2) / cycle, fraction


def best_one(k, leave_of):
    """Return the entry of most profit per time when the exit is a function of the entry."""
    found = minimize_scalar(
        lambda entry: -rate(k, entry, leave_of(entry)), bounds=(1e-3, 12), method="bounded", options={"xatol": 1e-10}
    )
    return found.x


def best_two(objective, start):
    """Return the best value of objective(entry, leave) and where it lies."""

    def negative(levels):
        entry, leave = levels
        if not -entry <= leave < entry or entry > 12:
            return math.inf
        return -objective(entry, leave)

    options = {"xatol": 1e-8, "fatol": 1e-14, "maxiter": 2000}
    found = minimize(negative, start, method="Nelder-Mead", options=options)
    return -found.fun, *found.x


def win_rate(entry, leave, stop):
    """Return the probability of falling from entry to leave before rising to stop."""
    scale = lambda low, high: mp.quad(lambda z: mp.exp(z * z / 2), [low, high])  # noqa: E731
    return float(scale(entry, stop) / scale(leave, stop))


def discounted(nu, z):
    """Return H_nu(z) = int_0^inf u^(nu - 1) exp(z u - u^2/2) du."""
    return mp.gamma(nu) * mp.exp(mp.mpf(z) ** 2 / 4) * mp.pcfd(-nu, -z)


def leung_li(theta, mu, sigma, cost_a_side, rate_of_discount, start):
    """Return the prices at which to sell and to buy, from a guess of both, by roots of the free-boundary equations."""
    with mp.workdps(25):
        nu = mp.mpf(rate_of_discount) / theta
        s = mp.mpf(sigma) / mp.sqrt(2 * mp.mpf(theta))

        def root(function, guess):
            return mp.findroot(function, (guess - s / 50, guess + s / 50), solver="anderson", tol=1e-22, verify=False)

        def rising(x, derivative=0):
            return discounted(nu + derivative, (x - mu) / s) / s**derivative

        def falling(x, derivative=0):
            return discounted(nu + derivative, (mu - x) / s) / (-s) ** derivative

        sale = root(lambda b: rising(b) - (b - cost_a_side) * rising(b, 1), start[0])
        scale = (sale - cost_a_side) / rising(sale)

        def slope_of_ratio(d):
            gain, marginal = scale * rising(d) - d - cost_a_side, scale * rising(d, 1) - 1
            return marginal * falling(d) - gain * falling(d, 1)

        return float(sale), float(root(slope_of_ratio, start[1]))


def simulate(k, entry, leave, dt, n_paths, n_bars, seed):
    """Return trades, profit and bars in trade of the rule on exact paths watched every dt, summed over all paths."""
    generator = np.random.default_rng(seed)
    decay, noise = math.exp(-dt), math.sqrt(-math.expm1(-2 * dt))
    z = generator.standard_normal(n_paths)
    side = np.zeros(n_paths)
    trades, profit, bars = 0, 0.0, 0
    opened = np.zeros(n_paths)
    for _ in range(n_bars):
        bars += int(np.count_nonzero(side))
        z = decay * z + noise * generator.standard_normal(n_paths)
        done = (side != 0) & (side * z >= -leave)
        trades += int(np.count_nonzero(done))
        profit += float(np.sum((side * (z - opened) - k)[done]))
        side[done] = 0.0
        enters = (side == 0) & (np.abs(z) >= entry)
        side[enters] = -np.sign(z[enters])
        opened[enters] = z[enters]
    return trades, profit, bars


def changes_of_equity(k, entry, leave, dt, n_paths, n_bars, seed, *, at_once=False):
    """Return what each bar changes of the equity, (n_bars, n_paths): price moves, and k/2 at each fill.

    Decisions fill a bar later, or at the bar that decides.
    """
    generator = np.random.default_rng(seed)
    decay, noise = math.exp(-dt), math.sqrt(-math.expm1(-2 * dt))
    z = generator.standard_normal(n_paths)
    decided, side, fills = np.zeros(n_paths), np.zeros(n_paths), np.zeros(n_paths)
    found = np.empty((n_bars, n_paths))
    for bar in range(n_bars):
        before, z = z, decay * z + noise * generator.standard_normal(n_paths)
        found[bar] = side * (z - before) - 0.5 * k * fills
        side = decided
        held = np.where((decided != 0) & (decided * z >= -leave), 0.0, decided)
        after = np.where((held == 0) & (np.abs(z) >= entry), -np.sign(z), held)
        fills = (held != decided).astype(float) + (after != held)
        decided = after
        if at_once:
            found[bar] -= 0.5 * k * fills
            side, fills = decided, np.zeros(n_paths)
    return found


def occupied(entry, leave, stop):
    """Return the mean time from entry until leave or stop, by Green's function of the scale and the speed."""
    scale = lambda low, high: quad(lambda z: math.exp(z * z / 2), low, high, epsabs=0, epsrel=1e-12)[0]  # noqa: E731
    whole = scale(leave, stop)

    def green(z):
        near, far = (scale(leave, z), scale(entry, stop)) if z < entry else (scale(leave, entry), scale(z, stop))
        return near * far / whole * math.exp(-z * z / 2)

    return sum(quad(green, *part, epsabs=0, epsrel=1e-11)[0] for part in ((leave, entry), (entry, stop)))


def stopped(k, entry, leave, stop):
    """Return profit and time of a trade, and the time between entries, of the rule with a stop."""
    won = win_rate(entry, leave, stop)
    inside = occupied(entry, leave, stop)
    wait = won * time_to_leave_band(leave, entry) + (1 - won) * time_to_fall(stop, entry)
    return won * (entry - leave) - (1 - won) * (stop - entry) - k, inside, inside + wait


def stopped_sharpe(k, entry, leave, stop):
    earned, inside, cycle = stopped(k, entry, leave, stop)
    return earned / math.sqrt(variation(k, inside) * cycle)


def simulate_cycles(k, entry, leave, stop, dt, n_paths, seed):
    """Return profits, times in trade and times from entry to entry of one cycle a path, exact and watched every dt."""
    generator = np.random.default_rng(seed)
    decay, noise = math.exp(-dt), math.sqrt(-math.expm1(-2 * dt))
    profits, inside, between = np.empty(n_paths), np.empty(n_paths), np.empty(n_paths)
    z, path, side = np.zeros(n_paths), np.arange(n_paths), np.zeros(n_paths)
    opened, since, traded, halted = np.zeros(n_paths), np.zeros(n_paths), *np.zeros((2, n_paths), dtype=bool)
    bar = 0
    while path.size:
        bar += 1
        z = decay * z + noise * generator.standard_normal(z.size)
        struck = (side != 0) & (side * z <= -stop)
        done = struck | ((side != 0) & (side * z >= -leave))
        profits[path[done]] = (side * (z - opened) - k)[done]
        inside[path[done]] = (bar - since[done]) * dt
        traded, side = traded | done, np.where(done, 0.0, side)
        halted = (halted | struck) & (np.abs(z) >= entry)
        enters = (side == 0) & ~halted & (np.abs(z) >= entry)
        between[path[enters]] = (bar - since[enters]) * dt
        side, opened = np.where(enters, -np.sign(z), side), np.where(enters, z, opened)
        since = np.where(enters, bar, since)
        kept = ~(traded & enters)
        z, path, side, opened, since, traded, halted = (
            values[kept] for values in (z, path, side, opened, since, traded, halted)
        )
    return profits, inside, between
