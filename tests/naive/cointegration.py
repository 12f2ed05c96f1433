"""Oracle of the pairs scan: one pair at a time in 50 digits, by the normal equations of the two regressions."""

import math

import mpmath

DIGITS = 50
LEFT = (2.92, 1.5012, 0.039796)
RIGHT = (2.1945, 0.64695, -0.29198, -0.042377)


def fit(y, x, lags, by_aic=False, log=False):
    """Engle and Granger (1987) for y on x; lags is the number, or the most that AIC may choose. A dict of floats."""
    with mpmath.workdps(DIGITS):
        y, x = ([mpmath.log(value) if log else mpmath.mpf(value) for value in column] for column in (y, x))
        T = len(y)
        ybar, xbar = mpmath.fsum(y) / T, mpmath.fsum(x) / T
        sxy = mpmath.fsum((a - ybar) * (b - xbar) for a, b in zip(y, x, strict=True))
        sxx = mpmath.fsum((b - xbar) ** 2 for b in x)
        slope = sxy / sxx
        u = [a - ybar - slope * (b - xbar) for a, b in zip(y, x, strict=True)]
        total = mpmath.fsum(value * value for value in u)
        k = chosen(u, lags) if by_aic else lags
        statistic = float(regression(u, k, k)[0])
        beta = autoregression(u)
        out = {
            "hedge_ratio": slope,
            "intercept": ybar - slope * xbar,
            "adf_statistic": statistic,
            "adf_p_value": p_value(statistic),
            "lags": k,
            "ar1": beta,
            "theta": math.nan if beta <= 0 else max(0, -mpmath.log(beta)),
            "residual_std": mpmath.sqrt(total / (T - 2)),
        }
        out["half_life"] = mpmath.log(2) / out["theta"] if out["theta"] else math.inf
        return {name: float(value) for name, value in out.items()}


def regression(u, lags, start):
    """The t of the level and the sum of squared errors of d_t on u_{t-1} and d_{t-1} .. d_{t-lags} for t > start."""
    T = len(u)
    d = [None, *(u[t] - u[t - 1] for t in range(1, T))]
    rows = [[u[t - 1], *(d[t - i] for i in range(1, lags + 1))] for t in range(start + 1, T)]
    target = [d[t] for t in range(start + 1, T)]
    width = lags + 1
    gram, cross = mpmath.zeros(width), mpmath.zeros(width, 1)
    for row, value in zip(rows, target, strict=True):
        for a in range(width):
            cross[a] += row[a] * value
            for b in range(width):
                gram[a, b] += row[a] * row[b]
    inverse = mpmath.inverse(gram)
    coefficients = inverse * cross
    errors = mpmath.fsum(
        (value - mpmath.fsum(row[a] * coefficients[a] for a in range(width))) ** 2
        for row, value in zip(rows, target, strict=True)
    )
    deviation = mpmath.sqrt(errors / (len(rows) - width) * inverse[0, 0])
    return coefficients[0] / deviation, errors


def chosen(u, most):
    size = len(u) - 1 - most
    return min(range(most + 1), key=lambda k: (size * mpmath.log(regression(u, k, most)[1] / size) + 2 * (k + 1), k))


def autoregression(u):
    before, after = u[:-1], u[1:]
    mean_before, mean_after = mpmath.fsum(before) / len(before), mpmath.fsum(after) / len(after)
    along = mpmath.fsum((a - mean_before) * (b - mean_after) for a, b in zip(before, after, strict=True))
    return along / mpmath.fsum((a - mean_before) ** 2 for a in before)


def p_value(t):
    """MacKinnon (1994), table 3 (below -2.62) and table 4, two series with a constant."""
    if t > 0.92:
        return 1.0
    if t < -18.86:
        return 0.0
    return mpmath.ncdf(sum(value * t**power for power, value in enumerate(LEFT if t <= -2.62 else RIGHT)))
