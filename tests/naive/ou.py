"""Oracle of the Ornstein-Uhlenbeck estimates: sums in 40 digits, one pair after the other, straight from the papers."""

import itertools
import math

import mpmath
import numpy as np
from scipy import optimize

DIGITS = 40


def pairs(prices):
    return [(a, b) for a, b in itertools.pairwise(prices) if not (math.isnan(a) or math.isnan(b))]


def fit(prices, dt=1.0, forgetting=1.0):
    """Tang and Chen (2009), section 2, as a weighted regression; a dict of floats."""
    with mpmath.workdps(DIGITS):
        kept = [(mpmath.mpf(a), mpmath.mpf(b)) for a, b in pairs(prices)]
        weights = [mpmath.mpf(forgetting) ** (len(kept) - 1 - i) for i in range(len(kept))]
        W, W2 = mpmath.fsum(weights), mpmath.fsum(w * w for w in weights)
        n = W * W / W2
        lbar = mpmath.fsum(w * l for w, (l, _) in zip(weights, kept, strict=True)) / W
        ybar = mpmath.fsum(w * y for w, (_, y) in zip(weights, kept, strict=True)) / W
        sxx = mpmath.fsum(w * (l - lbar) ** 2 for w, (l, _) in zip(weights, kept, strict=True))
        sxy = mpmath.fsum(w * (l - lbar) * (y - ybar) for w, (l, y) in zip(weights, kept, strict=True))
        syy = mpmath.fsum(w * (y - ybar) ** 2 for w, (_, y) in zip(weights, kept, strict=True))
        b = sxy / sxx
        residuals = [(y - ybar) - b * (l - lbar) for l, y in kept]
        sse = mpmath.fsum(w * r * r for w, r in zip(weights, residuals, strict=True))
        out = {"b": b, "se_b": mpmath.sqrt(sse / (W - 2 * W2 / W) / sxx * W2 / W)}
        out["adf_statistic"] = (b - 1) / out["se_b"]
        if 0 < b < 1:
            out |= _process(mpmath.mpf(dt), b, out["se_b"], n, sse / W, sse / (W - 2 * W2 / W))
            out["mu"] = lbar + (ybar - lbar) / (1 - b)
            shift = (lbar - out["mu"]) ** 2 * W2 / W / sxx
            out["mu_std_error"] = mpmath.sqrt(sse / (W - 2 * W2 / W)) / (1 - b) * mpmath.sqrt(1 / n + shift)
            out["r_squared"] = 1 - sse / syy
        return {name: float(value) for name, value in out.items()}


def _process(dt, b, se_b, n, v, s2):
    theta = -mpmath.log(b) / dt
    sigma = mpmath.sqrt(2 * theta * v / (1 - b * b))
    g = 1 / (b * mpmath.log(b)) + 2 * b / (1 - b * b)
    reach = mpmath.mpf("1.96") * se_b
    lower = -mpmath.log(b + reach) / dt if b + reach < 1 else mpmath.mpf(0)
    upper = -mpmath.log(b - reach) / dt if b - reach > 0 else mpmath.inf
    k = theta * dt
    corrected = theta - (mpmath.mpf("2.5") + mpmath.e**k + mpmath.e ** (2 * k) / 2) / (n * dt)
    return {
        "theta": theta,
        "sigma": sigma,
        "half_life": mpmath.log(2) / k,
        "theta_std_error": se_b / (b * dt),
        "sigma_std_error": sigma / 2 * mpmath.sqrt(2 / n + (g * se_b) ** 2),
        "theta_lower": lower,
        "theta_upper": upper,
        "half_life_lower": mpmath.log(2) / (upper * dt) if upper < mpmath.inf else mpmath.mpf(0),
        "half_life_upper": mpmath.log(2) / (lower * dt) if lower > 0 else mpmath.inf,
        "theta_bias_corrected": corrected if k <= 2 else theta,
        "log_likelihood": -n / 2 * (mpmath.log(2 * mpmath.pi * v) + 1),
    }


def jackknife(prices, dt=1.0):
    """Phillips and Yu (2005) with two halves that share no price."""
    middle = len(prices) // 2
    whole, first, second = (-math.log(fit(part, dt)["b"]) / dt for part in (prices, prices[:middle], prices[middle:]))
    return 2 * whole - (first + second) / 2


def log_likelihood(prices, times, theta, mu, sigma):
    """The exact transition densities, one after the other, given the first price."""
    total = 0.0
    known = [(x, t) for x, t in zip(prices, times, strict=True) if not math.isnan(x)]
    for (x0, t0), (x1, t1) in itertools.pairwise(known):
        b = math.exp(-theta * (t1 - t0))
        variance = sigma**2 * (1 - b * b) / (2 * theta)
        error = x1 - mu - b * (x0 - mu)
        total -= 0.5 * (math.log(2 * math.pi * variance) + error * error / variance)
    return total


def fit_irregular(prices, times):
    """Maximise over all three parameters at once, by Nelder and Mead's simplex; returns theta, mu, sigma, value."""
    centre, spread = float(np.nanmean(prices)), float(np.nanstd(prices))
    span = float(times[-1] - times[0])

    def loss(place):
        theta, mu, level = math.exp(place[0]), centre + spread * place[1], spread * math.exp(place[2])
        return -log_likelihood(prices, times, theta, mu, level * math.sqrt(2 * theta))

    options = {"xatol": 1e-10, "fatol": 1e-13, "maxiter": 4000, "maxfev": 4000}
    runs = [
        optimize.minimize(loss, [math.log(c / span), 0.0, 0.0], method="Nelder-Mead", options=options)
        for c in (3.0, 20.0, 100.0)
    ]
    best = min(runs, key=lambda run: run.fun)
    theta = math.exp(best.x[0])
    return theta, centre + spread * best.x[1], spread * math.exp(best.x[2]) * math.sqrt(2 * theta), -best.fun


def profile(prices, times, n_places):
    """The likelihood at the best mu and sigma for each theta of a dense grid; returns both, from 1e-8/span on."""
    gaps = np.diff(times)
    grid = np.exp(np.linspace(math.log(1e-8 / gaps.sum()), math.log(25 / gaps.min()), n_places))
    heights = []
    for theta in grid:
        b, size = np.exp(-theta * gaps), -np.expm1(-2 * theta * gaps)
        one = -np.expm1(-theta * gaps)
        answer = prices[1:] - b * prices[:-1]
        mu = np.sum(answer * one / size) / np.sum(one * one / size)
        scale = np.mean((answer - mu * one) ** 2 / size)
        heights.append(-0.5 * np.sum(np.log(2 * math.pi * scale * size) + 1))
    return grid, np.array(heights)


def simulate(theta, mu, sigma, times, rng, start=None):
    """Draw a path by the exact transition; the first price is stationary unless given."""
    sd = sigma / math.sqrt(2 * theta)
    out = [mu + sd * rng.normal() if start is None else start]
    for gap in np.diff(times):
        b = math.exp(-theta * gap)
        out.append(mu + b * (out[-1] - mu) + sd * math.sqrt(1 - b * b) * rng.normal())
    return np.array(out)
